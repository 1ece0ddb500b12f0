// The figures of the day under the pointer. The same figures stand in the table below the chart.

const line = (name, value) => {
  const row = document.createElement("span");
  row.append(name, Object.assign(document.createElement("b"), { textContent: value }));
  return row;
};

const show = day => {
  const chart = day.closest("[data-chart]");
  const tip = chart.querySelector(".chart-tip");
  const names = [...chart.querySelectorAll(".legend-item")].map(item => item.textContent);
  const values = day.dataset.values.split("|");

  tip.replaceChildren(Object.assign(document.createElement("strong"), { textContent: day.dataset.day }));
  values.forEach((value, series) => tip.append(line(names[series], value)));
  if (values.length > 1) tip.append(Object.assign(document.createElement("em"), { textContent: day.dataset.total }));
  tip.hidden = false;

  const plot = chart.querySelector(".chart-plot").getBoundingClientRect();
  const slot = day.querySelector(".chart-slot").getBoundingClientRect();
  const middle = slot.left + slot.width / 2 - plot.left;
  tip.style.left = `${Math.max(0, Math.min(plot.width - tip.offsetWidth, middle < plot.width / 2 ? middle + 14 : middle - tip.offsetWidth - 14))}px`;
};

document.addEventListener("pointerover", event => {
  const day = event.target.closest?.(".chart-day");
  if (!day) return;
  day.querySelector("title")?.remove();
  show(day);
});

document.addEventListener("pointerout", event => {
  if (!event.target.closest?.(".chart-day") || event.relatedTarget?.closest?.(".chart-plot svg")) return;
  event.target.closest("[data-chart]").querySelector(".chart-tip").hidden = true;
});
