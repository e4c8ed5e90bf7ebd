// Warns before leaving a form marked data-unsaved whose changes were not sent.
(() => {
  const changed = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-unsaved]");
    if (form) changed.add(form);
  });
  document.addEventListener("submit", (event) => {
    if (!event.submitter?.formTarget) changed.delete(event.target);
  });
  addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });
})();
