// The flow chart: a wide one begins in its middle, where the trunk is, and stays where it was scrolled to; a press on a box shows its step.
(() => {
  let kept;
  const frame = () => document.querySelector(".flow-frame");
  const place = () => {
    const here = frame();
    if (!here || here.dataset.placed !== undefined) return;
    here.dataset.placed = "";
    here.scrollTo(kept?.left ?? (here.scrollWidth - here.clientWidth) / 2, kept?.top ?? 0);
  };

  document.addEventListener("scroll", ({ target }) => {
    if (target.matches?.(".flow-frame")) kept = { left: target.scrollLeft, top: target.scrollTop };
  }, true);
  document.addEventListener("click", (event) => {
    const step = event.target.closest?.(".flow-box[data-step]")?.dataset.step;
    const card = step && document.querySelector(`#step-${step} > .flow-card`);
    if (!card) return;
    card.scrollIntoView({ block: "center" });
    card.focus({ preventScroll: true });
  });
  document.addEventListener("DOMContentLoaded", place);
  document.addEventListener("htmx:after:swap", place);
})();
