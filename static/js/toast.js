// Passing notices: leave by themselves (errors stay), wait while looked at, and tell of requests that failed.
(() => {
  const READING_TIME = 6000;
  const WITH_UNDO = 12000;

  function schedule(toast) {
    toast.dataset.timed = "";
    if (toast.dataset.tone === "bad") return;
    let timer;
    const start = () => (timer = setTimeout(() => toast.remove(), toast.querySelector("form") ? WITH_UNDO : READING_TIME));
    const wait = () => clearTimeout(timer);
    toast.addEventListener("pointerenter", wait);
    toast.addEventListener("focusin", wait);
    toast.addEventListener("pointerleave", start);
    toast.addEventListener("focusout", start);
    start();
  }

  function show(text) {
    const toast = document.getElementById("toast-template")?.content.firstElementChild.cloneNode(true);
    if (!toast) return;
    toast.querySelector("span").textContent = text;
    const region = document.getElementById("toasts");
    for (const old of region.querySelectorAll(".toast-mark")) {
      if (old.textContent === toast.textContent) old.remove();
    }
    region.append(toast);
  }

  const WORDS = {
    403: "Your role does not allow that. Nothing was changed.",
    404: "That no longer exists. Reload the page to see what is there now.",
    413: "That file is too large.",
    429: "Too many tries. Wait a minute, then try again.",
  };
  const scan = () => document.querySelectorAll("#toasts > .toast-mark:not([data-timed])").forEach(schedule);

  document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast-mark")?.remove());
  document.addEventListener("htmx:response:error", (event) => {
    const { status } = event.detail.ctx.response;
    if (WORDS[status]) show(WORDS[status]);
    else if (status >= 500) show("The server could not do that. Nothing was saved; try again.");
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.error?.name === "TypeError" || event.detail.ctx?.request?.signal?.aborted) {
      show("No answer from the server. Check your connection, then try again.");
    }
  });
  document.addEventListener("DOMContentLoaded", scan);
  document.addEventListener("htmx:after:swap", scan);
})();
