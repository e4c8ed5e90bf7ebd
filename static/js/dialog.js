// Dialogs: data-dialog="id" opens one; a link with data-panel opens its page's panel from the right, in place.
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) return document.getElementById(opener.dataset.dialog)?.showModal();
    const link = event.target.closest("a[data-panel]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      return openPanel(link);
    }
    const dialog = event.target.closest("dialog[open]");
    if (!dialog) return undefined;
    if (event.target === dialog) return dialog.close();
    if (event.target.closest("[data-close]")) {
      event.preventDefault();
      return dialog.close();
    }
    return undefined;
  });

  async function openPanel(link) {
    if (document.querySelector("[data-arriving]")) return undefined;
    const dialog = document.createElement("dialog");
    dialog.className = "float-box panel";
    dialog.setAttribute("aria-labelledby", "panel-title");
    dialog.dataset.arriving = "";
    document.body.append(dialog);
    dialog.addEventListener("close", () => (dialog.remove(), link.focus()));
    await htmx.ajax("GET", link.href, { source: link, target: dialog, select: "#panel", swap: "innerHTML" }).catch(() => undefined);
    delete dialog.dataset.arriving;
    if (!dialog.querySelector("#panel")) return location.assign(link.href);
    dialog.showModal();
    return dialog.querySelector(".float-body :is(input:not([type=hidden]), select, textarea)")?.focus();
  }
})();
