// Finds steps in a palette: hides those whose words do not hold all that was typed; Enter takes the only or first one.
(() => {
  const shown = (item) => !item.hidden;

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-palette-search]")) return;
    const palette = event.target.closest("[data-palette]");
    const typed = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    const items = [...palette.querySelectorAll("[data-words]")];
    for (const item of items) item.hidden = !typed.every((word) => item.dataset.words.includes(word));
    for (const group of palette.querySelectorAll("[data-palette-group]")) {
      group.hidden = ![...group.querySelectorAll("[data-words]")].some(shown);
    }
    palette.querySelector("[data-palette-none]").hidden = items.some(shown);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-palette-search]")) return;
    event.preventDefault();
    [...event.target.closest("[data-palette]").querySelectorAll("[data-words]")].find(shown)?.querySelector("a").click();
  });
})();
