// The visitor's own time zone, chosen beforehand in a select marked data-own-timezone.
for (const select of document.querySelectorAll("select[data-own-timezone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
}
