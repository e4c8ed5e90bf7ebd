// Menus and confirmations made of <details>: one open at a time, closed by a click outside or Esc, arrows move inside.
(() => {
  const OPEN = "details:is(.menu, .confirm)[open]";
  const close = (details) => (details.open = false);

  document.addEventListener("click", (event) => {
    for (const details of document.querySelectorAll(OPEN)) {
      const inside = details.contains(event.target);
      if (!inside || event.target.closest("[data-close]")) close(details);
      else if (event.target.closest(".menu-box > a, .menu-box > button")) close(details);
    }
  });

  document.addEventListener("keydown", (event) => {
    const details = event.target.closest?.(OPEN) || document.querySelector(OPEN);
    if (!details) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close(details);
      details.querySelector("summary").focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      move(details, event);
    }
  });

  function move(details, event) {
    const items = [...details.querySelectorAll("summary, a, button, input")].filter((item) => item.getClientRects().length);
    const here = items.indexOf(document.activeElement);
    if (here < 0) return;
    event.preventDefault();
    items[(here + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length].focus();
  }
})();
