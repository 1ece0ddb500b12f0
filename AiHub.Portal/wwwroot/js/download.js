// A long table says how many rows it has before the first: tell how far it is, and let it be stopped. Without scripts the browser downloads it.

const mostRows = 3_000_000; // Kept by the browser until it is saved; longer ones it saves as they come.
const newLine = 10;
const figure = number => new Intl.NumberFormat(document.documentElement.lang).format(number);
const say = (state, sentence, ...numbers) => {
  state.querySelector("[data-download-text]").textContent = numbers.reduce((text, number, index) => text.replace(`{${index}}`, figure(number)), sentence);
};

const nameOf = response => /filename="?([^";]+)/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "table.csv";

const save = (blob, name) => {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

const fetchTable = async (link, state) => {
  const stop = new AbortController();
  const button = state.querySelector("[data-download-stop]");
  const bar = state.querySelector("progress");
  button.onclick = () => stop.abort();
  link.setAttribute("aria-disabled", "true");
  state.hidden = button.hidden = bar.hidden = false;
  bar.removeAttribute("value");
  let rows = -1; // The line of titles is none.
  try {
    const response = await fetch(link.href, { signal: stop.signal });
    const total = Number(response.headers.get("x-aihub-rows"));
    if (!response.ok || response.redirected || total > mostRows) {
      stop.abort();
      state.hidden = true;
      location.assign(link.href);
      return;
    }

    const parts = [];
    bar.max = Math.max(total, 1);
    say(state, state.dataset.of, 0, total);
    let told = 0;
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      for (const byte of value) if (byte === newLine) rows++;
      // A cell may hold lines of its own.
      const shown = Math.min(Math.max(rows, 0), total);
      bar.value = shown;
      if (performance.now() - told > 250) {
        told = performance.now();
        say(state, state.dataset.of, shown, total);
      }
    }

    save(new Blob(parts, { type: response.headers.get("content-type") }), nameOf(response));
    bar.value = bar.max;
    say(state, state.dataset.done, total);
  } catch (failure) {
    say(state, failure.name === "AbortError" ? state.dataset.stopped : state.dataset.failed, Math.max(rows, 0));
    bar.hidden = true;
  }

  button.hidden = true;
  link.removeAttribute("aria-disabled");
};

document.addEventListener("click", event => {
  const link = event.target.closest?.("a[data-download]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (!link.hasAttribute("aria-disabled")) fetchTable(link, link.parentElement.querySelector(".download-state"));
});

// An import is one form; while it is on the way, ask how far it is. Leaving the page stops it.
const watch = (form, state) => {
  const bar = state.querySelector("progress");
  state.querySelector("[data-import-stop]").onclick = () => location.assign(location.pathname);
  bar.removeAttribute("value");
  state.hidden = false;
  const ask = async () => {
    if (!state.isConnected || !form.dataset.sent) {
      state.hidden = true;
      return;
    }

    try {
      const response = await fetch(state.dataset.import, { redirect: "manual" });
      const { done, total } = response.ok ? await response.json() : { total: 0 };
      if (total) {
        bar.max = total;
        bar.value = done;
        say(state, state.dataset.of, done, total);
      }
    } catch { /* The form itself tells what came of it. */ }
    setTimeout(ask, 500);
  };
  setTimeout(ask, 500);
};

document.addEventListener("submit", event => {
  const state = event.target.querySelector("[data-import]");
  if (state) watch(event.target, state);
});
