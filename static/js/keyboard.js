// Shortcuts from data-key ("/", "ctrl+k", "g c"; several apart by commas or two spaces): focuses fields, presses the rest.
// What the page itself offers goes before the frame around it.
(() => {
  // htmx would start a moment after the last script: a key pressed before then would open a search that never asks.
  window.htmx?.process(document.body);

  const PATIENCE = 900;
  let pending = "";
  let timer;

  const visible = (element) => element.getClientRects().length || element.closest("details:not([open])");
  const fieldOf = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], .ts-control");
  // A dialog that was just closed holds the focus until the next frame; nobody types into what is gone.
  const typing = (target) => fieldOf(target) && visible(target);
  const named = (event) => (event.ctrlKey || event.metaKey ? `ctrl+${event.key.toLowerCase()}` : event.key);
  const keysOf = (element) => element.dataset.key.split(/,\s*/);

  function find(combination) {
    const dialog = document.querySelector("dialog[open]");
    const found = [...(dialog || document).querySelectorAll("[data-key]")].filter(
      (element) => keysOf(element).includes(combination) && visible(element) && !element.disabled,
    );
    return found.find((element) => element.closest("main")) || found[0];
  }

  function use(element) {
    if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) {
      element.focus();
      element.select?.();
    } else element.click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.isComposing || event.defaultPrevented) return;
    const combination = named(event);
    if ((typing(event.target) || document.querySelector("[data-arriving]")) && !combination.startsWith("ctrl+")) return;
    const element = (pending && find(`${pending} ${combination}`)) || find(combination);
    clearTimeout(timer);
    pending = combination.length === 1 && !element ? combination : "";
    timer = setTimeout(() => (pending = ""), PATIENCE);
    if (!element) return;
    event.preventDefault();
    use(element);
  });

  function wordsOf(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("kbd").forEach((cap) => cap.remove());
    return copy.textContent;
  }

  function describe(element) {
    const label = element.labels?.[0]?.textContent || element.getAttribute("aria-label") || wordsOf(element);
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const keys = document.createElement("dd");
    term.textContent = label.trim();
    for (const key of keysOf(element)) {
      const cap = document.createElement("kbd");
      cap.textContent = key.replace("ctrl+", "Ctrl ").replace(/^Ctrl (.)/, (_, letter) => `Ctrl ${letter.toUpperCase()}`);
      keys.append(cap, " ");
    }
    row.append(keys, term);
    return row;
  }

  document.addEventListener("toggle", (event) => {
    const list = event.target.querySelector?.("[data-shortcuts]");
    if (list) list.replaceChildren(...[...document.querySelectorAll("[data-key]")].map(describe));
  }, true);
})();
