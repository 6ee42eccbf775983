// The console by keyboard alone, and a scan box that is always ready. Every page works without this file.
"use strict";

(() => {
  const box = document.querySelector("input[data-scan]");
  const typing = () => {
    const at = document.activeElement;
    return at && at !== box && at.matches("input, textarea, select");
  };

  const goToBox = () => {
    if (box) {
      box.focus();
      box.select();
    } else if (document.querySelector("form[action='/logout']")) {
      window.location.assign("/");
    }
  };

  // Alt+1 … Alt+9: the entries at the top; F2: the scan box; F1: what the keys do; Ctrl+Enter: send this form.
  document.addEventListener("keydown", (event) => {
    if (event.key === "F2") {
      event.preventDefault();
      goToBox();
    } else if (event.key === "F1") {
      event.preventDefault();
      window.location.assign("/keys");
    } else if (event.altKey && /^[1-9]$/.test(event.key)) {
      const entry = document.querySelector(`a[data-key="${event.key}"]`);
      if (entry) {
        event.preventDefault();
        entry.click();
      }
    } else if (event.ctrlKey && event.key === "Enter") {
      const form = document.activeElement && document.activeElement.form;
      if (form) {
        event.preventDefault();
        form.requestSubmit();
      }
    } else if (box && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && !typing()) {
      if (event.key !== " ") box.focus(); // a wedge scanner types although the clerk clicked elsewhere
    }
  });

  window.addEventListener("focus", () => {
    const at = document.activeElement;
    if (box && box.dataset.scan === "first" && (!at || at === document.body)) box.focus();
  });

  // The entries that wait under "more" close again by Escape, and when the focus or a click goes elsewhere.
  const more = document.querySelector("[data-more]");
  if (more) {
    const close = (event) => { if (!more.contains(event.target)) more.open = false; };
    document.addEventListener("click", close);
    document.addEventListener("focusin", close);
    more.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      more.open = false;
      more.querySelector("summary").focus();
    });
  }

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.addEventListener("click", () => window.print());
  });

  // Over plain http on a network name the browser throws the session's cookie away: say so before anybody types.
  const insecure = document.querySelector("[data-insecure]");
  if (insecure && !window.isSecureContext) insecure.hidden = false;

  // One press, one act: a second press of the same button while the first is under way does nothing.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();
