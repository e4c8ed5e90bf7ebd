// Drag and drop in [data-sortable]: items move by their .grip; "sorted" fires on the list, which a form posts. Buttons beside serve the keyboard.
(() => {
  const library = document.currentScript.dataset.library;
  const wanted = "[data-sortable]:not([data-sortable-ready])";
  let loading;

  const load = () => (loading ||= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: library, onload: resolve, onerror: reject }));
  }));

  async function enable() {
    if (!document.querySelector(wanted)) return;
    await load();
    for (const list of document.querySelectorAll(wanted)) {
      list.dataset.sortableReady = "";
      Sortable.create(list, {
        handle: ".grip",
        group: list.dataset.sortable || undefined,
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
        onEnd: (event) => {
          const { item, from, to, oldIndex, newIndex } = event;
          if (from === to && oldIndex === newIndex) return;
          to.dispatchEvent(new CustomEvent("sorted", { bubbles: true, detail: { item, from, to, oldIndex, newIndex } }));
        },
      });
    }
  }
  document.addEventListener("DOMContentLoaded", enable);
  document.addEventListener("htmx:after:swap", enable);
})();
