// Puts the focus where the news is: the list of what is wrong in a form, or the first field in error. A piece that takes the place of the one that had the focus gets it back: at its [data-focus], else where it was.
(() => {
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  let was = -1;
  const go = (root) => root?.querySelector?.("[data-focus], [aria-invalid=true]")?.focus();
  const controls = (root) => [...(root?.querySelectorAll?.(CONTROLS) || [])];
  const isLost = () => !document.activeElement || document.activeElement === document.body;

  document.addEventListener("DOMContentLoaded", () => go(document));
  document.addEventListener("htmx:before:swap", (event) => {
    const { target } = event.detail.ctx;
    was = target?.id ? controls(target).indexOf(document.activeElement) : -1;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const { response, target } = event.detail.ctx;
    if (response?.status === 422) return go(document);
    if (was < 0 || !isLost()) return;
    const place = document.getElementById(target.id);
    go(place);
    if (isLost()) controls(place)[was]?.focus();
  });
})();
