// Themes: marks that scripts run, and shows a choice at once while the form saves it.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    root.dataset.theme = body.get("theme");
    for (const button of form.querySelectorAll("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
  });
})();
