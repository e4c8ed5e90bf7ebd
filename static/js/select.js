// Choosing rows: all at once, a range with Shift, and a bar that counts what is chosen.
(() => {
  let lastBox;
  const scope = (box) => box.closest("form") || document;
  const rows = (root) => [...root.querySelectorAll("[data-select-row]")];

  function refresh(root) {
    const boxes = rows(root);
    const chosen = boxes.filter((box) => box.checked).length;
    const all = root.querySelector("[data-select-all]");
    if (all) Object.assign(all, { checked: chosen > 0 && chosen === boxes.length, indeterminate: chosen > 0 && chosen < boxes.length });
    const bar = root.querySelector("[data-selection-bar]");
    if (!bar) return;
    bar.toggleAttribute("data-open", chosen > 0);
    bar.querySelector("[data-selection-count]").textContent = chosen.toLocaleString("en");
  }

  function range(boxes, from, to, checked) {
    const [low, high] = [boxes.indexOf(from), boxes.indexOf(to)].sort((a, b) => a - b);
    if (low >= 0) boxes.slice(low, high + 1).forEach((box) => (box.checked = checked));
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-select-row]");
    if (box) {
      if (event.shiftKey && lastBox) range(rows(scope(box)), lastBox, box, box.checked);
      lastBox = box;
    }
    const none = event.target.closest("[data-select-none]");
    if (none) rows(scope(none)).forEach((row) => (row.checked = false));
    const all = event.target.closest("[data-select-all]");
    if (all) rows(scope(all)).forEach((row) => (row.checked = all.checked));
    const touched = box || none || all;
    if (touched) refresh(scope(touched));
  });
  const every = () => document.querySelectorAll("[data-selection-bar]").forEach((bar) => refresh(scope(bar)));
  document.addEventListener("htmx:after:swap", every);
  addEventListener("pageshow", every);
})();
