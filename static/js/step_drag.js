// Drag and drop in the workflow editor: a step dropped elsewhere is moved there, one from the palette opens its form for that place.
(() => {
  document.addEventListener("sorted", (event) => {
    const list = event.target.closest("[data-editor] [data-sortable=steps]");
    if (!list) return;
    const { item, from, to, oldIndex, newIndex } = event.detail;
    const place = { parent: to.dataset.parent, branch: to.dataset.branch, position: newIndex + 1 };
    const isStep = item.dataset.step !== undefined;
    if (!isStep || to.dataset.branch === undefined) from.insertBefore(item, from.children[oldIndex] || null);
    if (to.dataset.branch === undefined) return;
    if (isStep) move(item.dataset.step, place);
    else add(item.dataset.kind, place);
  });

  function move(step, place) {
    const form = document.getElementById("move-form");
    for (const [name, value] of Object.entries({ step, ...place })) form.elements[name].value = value;
    form.requestSubmit();
  }

  function add(kind, place) {
    const link = document.getElementById("new-step");
    const url = new URL(link.dataset.url.replace("KIND", kind), location);
    for (const [name, value] of Object.entries(place)) url.searchParams.set(name, value);
    link.href = url;
    link.click();
  }
})();
