// Drag and drop on the pipeline: a card dropped in another stage presses that stage's button in its own menu.
document.addEventListener("sorted", (event) => {
  const stage = event.target.closest("[data-stage]");
  if (!stage) return;
  const { item, from, to } = event.detail;
  if (from !== to) item.querySelector(`form[data-move] button[value="${stage.dataset.stage}"]`)?.click();
});
