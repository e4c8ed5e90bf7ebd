// Offers colleagues while "@na…" is typed in textarea[data-mentions='["Ada", …]']: arrows choose, Enter or Tab takes, Esc leaves.
(() => {
  const LIMIT = 6;
  const box = Object.assign(document.createElement("ul"), { className: "mention-box", id: "mention-box", hidden: true });
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Colleagues");
  let area;
  let at = -1;

  const typed = () => /(?:^|[^\w@.])@([\p{L}\p{M}'’.-]*(?: [\p{L}\p{M}'’.-]*)?)$/u.exec(area.value.slice(0, area.selectionStart));
  const choices = () => [...box.children];

  function offer(target) {
    area = target;
    const found = typed();
    const start = found?.[1].toLowerCase();
    const names = found ? JSON.parse(area.dataset.mentions).filter((name) => name.toLowerCase().split(" ").some((_, from, words) => words.slice(from).join(" ").startsWith(start))) : [];
    if (!names.length || names.some((name) => name.toLowerCase() === start)) return close();
    box.replaceChildren(...names.slice(0, LIMIT).map(choice));
    area.after(box);
    box.hidden = false;
    area.setAttribute("aria-controls", box.id);
    return mark(0);
  }

  function choice(name, index) {
    const item = Object.assign(document.createElement("li"), { textContent: name, id: `mention-${index}` });
    item.setAttribute("role", "option");
    item.addEventListener("mousedown", (event) => (event.preventDefault(), take(index)));
    return item;
  }

  function mark(index) {
    const items = choices();
    at = (index + items.length) % items.length;
    items.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    area.setAttribute("aria-activedescendant", items[at].id);
  }

  function take(index) {
    const name = choices()[index].textContent;
    const start = area.selectionStart - typed()[1].length;
    area.setRangeText(`${name} `, start, area.selectionStart, "end");
    close();
  }

  function close() {
    box.hidden = true;
    at = -1;
    area?.removeAttribute("aria-activedescendant");
  }

  document.addEventListener("input", (event) => event.target.matches?.("textarea[data-mentions]") && offer(event.target));
  document.addEventListener("focusout", (event) => event.target === area && close());
  document.addEventListener("keydown", (event) => {
    if (box.hidden || event.target !== area) return;
    const acts = { ArrowDown: () => mark(at + 1), ArrowUp: () => mark(at - 1), Enter: () => take(at), Tab: () => take(at), Escape: close };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }, true);
})();
