// Turns select[data-enhance] into a search box with chips; data-create lets new names be typed. Options keep their data-color.
(() => {
  const library = document.currentScript.dataset.library;
  const wanted = "select[data-enhance]:not(.tomselected)";
  let loading;

  const load = () => (loading ||= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: library, onload: resolve, onerror: reject }));
  }));

  function draw(data, escape) {
    const chip = document.createElement("div");
    chip.className = data.several ? "tag" : "";
    chip.dataset.color = data.color || "gray";
    chip.innerHTML = `<span>${escape(data.text)}</span>`;
    return chip;
  }

  async function enable() {
    if (!document.querySelector(wanted)) return;
    await load();
    for (const select of document.querySelectorAll(wanted)) {
      select.setAttribute("aria-hidden", "true");
      new TomSelect(select, {
        create: select.dataset.create !== undefined,
        maxOptions: 200,
        refreshThrottle: 0, // Enter right after the last letter takes what the letters mean
        onItemAdd() {
          this.setTextboxValue("");
          this.refreshOptions(false);
        },
        plugins: select.multiple ? ["remove_button"] : [],
        placeholder: select.dataset.placeholder,
        render: { item: (data, escape) => draw({ ...data, several: select.multiple }, escape) },
      });
    }
  }
  document.addEventListener("DOMContentLoaded", enable);
  document.addEventListener("htmx:after:swap", enable);
})();
