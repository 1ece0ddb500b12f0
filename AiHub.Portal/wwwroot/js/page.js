// Small comforts. Nothing here is needed: without it text can be selected, forms post, and the server draws the theme.

const reveal = root => {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  for (const choice of root.querySelectorAll("[data-model-choice][hidden]")) choice.hidden = false;
  for (const zone of root.querySelectorAll("[data-time-zone]")) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
};

const copy = async button => {
  const label = button.querySelector("[data-copy-label]");
  const name = label.dataset.name ??= label.textContent;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  label.textContent = button.dataset.copied;
  button.classList.add("done");
  setTimeout(() => {
    label.textContent = name;
    button.classList.remove("done");
  }, 1600);
};

document.addEventListener("click", event => {
  const button = event.target.closest?.("[data-copy]");
  if (button) copy(button);
});

// Skipping to the content takes the keyboard along. Blazor, which gets hold of every click on a link, would only scroll.
document.addEventListener("click", event => {
  if (!event.target.closest?.(".skip")) return;
  event.preventDefault();
  document.getElementById("main").focus();
}, true);

document.addEventListener("change", event => {
  const choice = event.target.closest?.("[data-model-choice]");
  if (!choice) return;
  for (const name of choice.closest("[data-snippets]").querySelectorAll("[data-model]")) name.textContent = event.target.value;
});

document.addEventListener("submit", event => {
  const form = event.target;

  // The theme changes where it is looked at; the server only has to remember it.
  if (form.matches("[data-theme-switch]") && event.submitter) {
    event.preventDefault();
    const theme = event.submitter.value;
    document.documentElement.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-switch] button")) button.setAttribute("aria-pressed", String(button.value === theme));
    const body = new URLSearchParams(new FormData(form, event.submitter));
    fetch(form.action, { method: "POST", body, redirect: "manual" });
    return;
  }

  // Sent once, however often the button is pressed.
  if (form.matches("[data-once]")) {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "true";
    sent = true;
    event.submitter?.setAttribute("aria-busy", "true");
  }
}, true);

let sent = false;

const settle = () => {
  reveal(document);
  // The list of places may be longer than the window is high.
  document.querySelector(".nav .nav-link.active")?.scrollIntoView({ block: "nearest" });
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }

  const invalid = document.querySelector("[aria-invalid=true]");
  if (invalid) invalid.focus();
  else if (sent) {
    const title = document.querySelector("h1");
    title?.setAttribute("tabindex", "-1");
    title?.focus();
    scrollTo(0, 0);
  }
  sent = false;
};

addEventListener("pageshow", settle);
document.addEventListener("live", () => reveal(document));
addEventListener("load", () => Blazor.addEventListener("enhancedload", () => {
  for (const open of document.querySelectorAll("[popover]:popover-open")) {
    open.hidePopover();
    // It gives the focus back to what opened it; the new page is to have it.
    sent = true;
  }
  settle();
}));
settle();
