// Writing an email: the preview follows the text after a pause, and a merge tag goes where the cursor was.
(() => {
  const form = document.querySelector("form[data-preview]");
  if (!form) return;
  const button = form.querySelector("[data-preview-button]");
  let timer;
  let last = form.querySelector("[data-merge-target]");
  const show = () => form.requestSubmit(button);

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 700);
  });
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea, input[name=subject], input[name=preheader]")) last = event.target;
  });
  form.addEventListener("click", (event) => {
    const tag = event.target.closest("[data-merge-tag]");
    if (!tag) return;
    last.setRangeText(tag.dataset.mergeTag, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
  if (form.querySelector("[data-merge-target]").value) show();
})();
