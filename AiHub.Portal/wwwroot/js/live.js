// While the page is looked at: ask whether there is a call it does not show; if so, fetch the page and exchange what is marked data-live.

const every = 1000;
const longest = 30000;
let wait = every;

const island = () => document.querySelector("[data-pulse]");

// Where the keyboard is, in words that still hold after the exchange.
const placeIn = part => {
  const element = part.contains(document.activeElement) ? document.activeElement : null;
  if (!element) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.dataset.copy) return `[data-copy="${element.dataset.copy}"]`;
  return element.localName === "a" ? `a[href="${element.getAttribute("href")}"]` : element.localName;
};

const exchange = async (live, latest) => {
  const address = location.href;
  const response = await fetch(address, { headers: { accept: "text/html" } });
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (location.href !== address || !live.isConnected) return;

  const known = new Set([...document.querySelectorAll("[data-call]")].map(row => row.dataset.call));
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = page.getElementById(part.id);
    if (!next) continue;
    const place = placeIn(part);
    for (const open of part.querySelectorAll("details[open]")) next.querySelector(`#${open.id}`)?.setAttribute("open", "");
    for (const row of next.querySelectorAll("[data-call]")) if (!known.has(row.dataset.call)) row.classList.add("fresh");
    part.replaceChildren(...next.childNodes);
    if (place) part.querySelector(place)?.focus({ preventScroll: true });
  }

  live.dataset.latest = latest;
  live.querySelector("[data-announce]").textContent = live.dataset.news;
  document.dispatchEvent(new Event("live"));
};

const beat = async () => {
  const live = island();
  if (live && !document.hidden) {
    try {
      const response = await fetch(live.dataset.pulse, { redirect: "manual" });
      if (!response.ok) throw new Error(response.type);
      const latest = await response.text();
      live.classList.add("on");
      if (latest !== live.dataset.latest) await exchange(live, latest);
      wait = every;
    } catch {
      live.classList.remove("on");
      wait = Math.min(wait * 2, longest);
    }
  }
  setTimeout(beat, wait);
};

document.addEventListener("visibilitychange", () => { wait = every; });
beat();
