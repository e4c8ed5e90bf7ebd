// Keeps a part fresh: data-poll="15" fires "poll" on it every 15 s (with hx-get and hx-trigger="poll"), while the page is seen.
(() => {
  const due = new WeakMap();
  const busy = (element) => element.querySelector("form :focus, .confirm[open]"); // what somebody writes or is asked stays
  setInterval(() => {
    if (document.hidden) return;
    const now = Date.now();
    for (const element of document.querySelectorAll("[data-poll]")) {
      if (!due.has(element)) due.set(element, now + element.dataset.poll * 1000);
      if (now < due.get(element) || busy(element)) continue;
      due.set(element, now + element.dataset.poll * 1000);
      htmx.trigger(element, "poll");
    }
  }, 1000);
})();
