// Edit in place: the field has the focus and its text selected, Esc cancels, and afterwards the focus is back on the value.
(() => {
  let last;
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.(".inline-form");
    if (!form) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      form.querySelector("[data-cancel]")?.click();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".inline-link");
    if (link) last = link.closest(".inline-value").id;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!last) return;
    const place = document.getElementById(last);
    const control = place?.querySelector("input:not([type=hidden]), select, textarea");
    if (control) {
      if (!place.contains(document.activeElement)) control.focus();
      if (control.type !== "select-one" && !control.matches("[aria-invalid]")) control.select?.();
    } else {
      if (document.activeElement === document.body) place?.querySelector(".inline-link")?.focus();
      last = undefined;
    }
  });
})();
