// A board of columns: a card dropped in another column is named in that column's form, which htmx then posts ("sorted").
document.addEventListener("sorted", (event) => {
  const form = event.target.closest("[data-board-column]");
  if (form) form.elements.card.value = event.detail.item.dataset.card;
}, true);
