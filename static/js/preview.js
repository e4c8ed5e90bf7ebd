// Writing an email: the previews follow the text after a pause, and a merge tag goes where the cursor was.
(() => {
  const form = document.querySelector("form[data-preview]");
  if (!form) return;
  const buttons = document.querySelectorAll("[data-preview-button]");
  let timer;
  let last = form.querySelector("[data-merge-target]");
  // One after another: a form that is submitted again at once forgets the frame it was on its way to.
  const show = () => buttons.forEach((button, at) => setTimeout(() => form.requestSubmit(button), 60 * at));
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(show, 700);
  };

  document.addEventListener("input", (event) => {
    if (event.target.form === form) soon();
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
  // Only once the page is there: frames that are sent elsewhere while they load keep it from ever being so.
  if (form.querySelector("[data-merge-target]").value) addEventListener("load", show);
})();
