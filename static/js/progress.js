// A thin line on top while something is under way: requests by htmx and forms that leave the page. Polls stay quiet.
(() => {
  const root = document.documentElement;
  let running = 0;
  const quiet = (event) => event.detail?.ctx?.sourceElement?.closest?.("[data-poll]");
  const show = (change) => root.classList.toggle("busy", (running = Math.max(0, running + change)) > 0);
  document.addEventListener("htmx:before:request", (event) => quiet(event) || show(1));
  document.addEventListener("htmx:finally:request", (event) => quiet(event) || show(-1));
  const stays = (event) => event.target.method === "dialog" || event.submitter?.formTarget || event.target.target;
  document.addEventListener("submit", (event) => event.defaultPrevented || stays(event) || show(1));
  addEventListener("pageshow", () => show(-running));
})();
