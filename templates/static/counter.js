// Keeps the scan box ready: what a wedge scanner types lands in it although the clerk clicked elsewhere.
"use strict";

(() => {
  const box = document.querySelector("input[data-scan]");
  if (!box) return;
  const busy = () => {
    const at = document.activeElement;
    return at && at !== box && at.matches("input, textarea, select, button, a, summary");
  };
  document.addEventListener("keydown", (event) => {
    const types = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (types && !busy()) box.focus();
  });
  window.addEventListener("focus", () => {
    if (!busy()) box.focus();
  });
})();
