// Where the tabs are wider than the screen, the one shown is brought into sight.
for (const current of document.querySelectorAll(".tabs [aria-current]")) {
  const bar = current.closest(".tabs");
  bar.scrollLeft = current.offsetLeft - bar.offsetLeft - (bar.clientWidth - current.offsetWidth) / 2;
}
