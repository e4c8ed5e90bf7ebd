// The search palette: arrows move through what was found, Enter opens it; the focus stays where one types.
(() => {
  const dialog = () => document.querySelector("dialog[data-finder]");
  const options = () => [...dialog().querySelectorAll("a[role=option]")];
  const chosen = () => dialog().querySelector("a[aria-selected=true]");
  const field = () => dialog().querySelector("[role=combobox]");
  const isCurrent = () => dialog().querySelector("[role=listbox]").dataset.text === field().value.trim().split(/\s+/).join(" ");
  let enterWaits = false;

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    field().setAttribute("aria-activedescendant", option?.id || "");
  }

  function move(step) {
    const all = options();
    const here = all.indexOf(chosen());
    choose(all[(here + step + all.length) % all.length]);
  }

  function open(event) {
    event.preventDefault();
    enterWaits = !isCurrent();
    if (!enterWaits) chosen()?.click();
  }

  const keys = {
    ArrowDown: (event) => (event.preventDefault(), move(1)),
    ArrowUp: (event) => (event.preventDefault(), move(-1)),
    Enter: open,
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !event.target.closest?.("dialog[data-finder] [role=combobox]")) return;
    keys[event.key]?.(event);
  });

  document.addEventListener("pointermove", (event) => {
    const option = event.target.closest?.("dialog[data-finder] a[role=option]");
    if (option && option !== chosen()) choose(option);
  });

  document.addEventListener("htmx:after:swap", () => {
    if (!dialog()?.open || !dialog().querySelector("#finder-options")) return;
    if (!chosen()) choose(options()[0]);
    if (enterWaits && isCurrent()) {
      enterWaits = false;
      chosen()?.click();
    }
  });
})();
