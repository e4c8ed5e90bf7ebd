// Keeps the focus in the builder of conditions: on what was added, or, after a removal, on the button that adds.
(() => {
  const added = (group) => group?.querySelector(":scope > .condition-list > li:last-child :is(.condition-field, .condition-head select)");

  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    const root = ctx.target;
    if (!root?.matches?.("[data-condition-builder]") || ctx.sourceElement?.type !== "submit") return;
    const [edit, path] = ctx.sourceElement.value.split(":");
    const name = root.id.replace(/-rows$/, "");
    const at = (steps, part) => document.getElementById([name, ...steps, part].join("-"));
    const steps = path ? path.split("-") : [];
    if (edit === "remove") (at(steps.slice(0, -1), "add") || at([], "add"))?.focus();
    else added(at(steps, "group"))?.focus();
  });
})();
