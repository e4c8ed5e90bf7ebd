// Keeps the focus in the builder of conditions: on what was added, or, after a removal, on the button that adds.
(() => {
  const added = (group) => group?.querySelector(":scope > .condition-list > li:last-child .condition-field");

  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    const root = ctx.target;
    if (!root?.matches?.("[data-condition-builder]")) return;
    const name = root.id.replace(/-rows$/, "");
    const pressed = ctx.request.body?.get?.(`${name}-edit`);
    if (!pressed) return;
    const [edit, path] = pressed.split(":");
    const steps = path ? path.split("-") : [];
    const at = (some, part) => document.getElementById([name, ...some, part].join("-"));
    if (edit === "remove") (at(steps.slice(0, -1), "add") || at([], "add"))?.focus();
    else added(at(steps, "group"))?.focus();
  });
})();
