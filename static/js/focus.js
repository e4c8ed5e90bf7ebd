// Puts the focus where the news is: the list of what is wrong in a form, or the first field in error.
(() => {
  const go = (root) => root.querySelector?.("[data-focus], [aria-invalid=true]")?.focus();
  document.addEventListener("DOMContentLoaded", () => go(document));
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.response?.status === 422) go(document);
  });
})();
