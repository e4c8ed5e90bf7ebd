// Copies the text of data-copy and says so for a moment.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.getAttribute("aria-label");
  const mark = button.querySelector("use");
  const icon = mark.getAttribute("href");
  button.setAttribute("aria-label", "Copied");
  mark.setAttribute("href", icon.replace(/#.*/, "#check"));
  setTimeout(() => {
    button.setAttribute("aria-label", label);
    mark.setAttribute("href", icon);
  }, 1500);
});
