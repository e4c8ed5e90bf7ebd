// Folds the navigation to icons and remembers it in a cookie, so that the server draws it right at once.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-nav-toggle]")) return;
  const root = document.documentElement;
  const narrow = root.dataset.nav !== "narrow";
  if (narrow) root.dataset.nav = "narrow";
  else delete root.dataset.nav;
  document.cookie = `nav=${narrow ? "narrow" : "wide"}; path=/; max-age=31536000; samesite=lax`;
});
