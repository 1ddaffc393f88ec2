// Small behaviour of every page: closing toasts and menus, submitting filters, moving through the grid by keyboard.
"use strict";

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest(closer.dataset.close)?.remove();
  const printer = event.target.closest("[data-print]");
  if (printer) window.print();
  const copier = event.target.closest("[data-copy]");
  if (copier) copyFrom(copier);
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

async function copyFrom(button) {
  const field = document.getElementById(button.dataset.copy);
  field.select();
  await navigator.clipboard?.writeText(field.value);
  button.textContent = "Copied";
}

// What htmx leaves unsaid: a refusal outside the page it asked for, and a server that does not answer.
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  const isSentence = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
  toast(isSentence ? xhr.responseText : "This could not be done. Load the page again and try once more.");
});
document.addEventListener("htmx:sendError", () => toast("The server does not answer. Look at your connection and try again."));

function toast(sentence) {
  const shown = document.getElementById("request-toast") ?? document.createElement("div");
  shown.id = "request-toast";
  shown.className = "toast error";
  const words = document.createElement("p");
  words.textContent = sentence;
  shown.replaceChildren(words, closer());
  document.querySelector(".toasts").append(shown);
}

function closer() {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.close = ".toast";
  button.setAttribute("aria-label", "Dismiss");
  button.textContent = "×";
  return button;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) form.requestSubmit();
});

// A picker of ranges ("2026-03-12..2026-04-08") fills the first and last day of its form.
document.addEventListener("change", (event) => {
  const form = document.getElementById(event.target.dataset?.rangeFor ?? "");
  if (!form || !event.target.value) return;
  [form.elements.start.value, form.elements.end.value] = event.target.value.split("..");
});

// Dates of one's own are no block any more.
document.addEventListener("input", (event) => {
  const picker = document.querySelector(`[data-range-for="${event.target.form?.id}"]`);
  if (picker && ["start", "end"].includes(event.target.name)) picker.value = "";
});

// A part that was loaded into the page marks what is wrong in the form above it.
document.addEventListener("htmx:afterSettle", (event) => {
  for (const sentence of event.detail.target?.querySelectorAll("[data-marks]") ?? []) {
    document.getElementById(sentence.dataset.marks)?.setAttribute("aria-invalid", "true");
  }
});

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || button.disabled || event.target.matches("[hx-get], [hx-post], [method=get]")) return;
  // A second press must not send the form twice; the name of the pressed button is still sent because this runs after.
  setTimeout(() => { button.disabled = true; }, 0);
});

window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[disabled]:not([data-stays-disabled])")) button.disabled = false;
});

// One tab stop for the whole grid; arrow keys move between cells, Escape closes the drawer.
const STEP = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeDrawer();
  const cell = event.target.closest?.("table.grid button.s");
  if (!cell || !(event.key in STEP)) return;
  event.preventDefault();
  const [down, right] = STEP[event.key];
  const next = right ? sameSession(cell, right) : stacked(cell, down);
  if (next) { cell.tabIndex = -1; next.tabIndex = 0; next.focus(); }
});

function sameSession(cell, right) {
  let column = cell.closest("td");
  do { column = right > 0 ? column.nextElementSibling : column.previousElementSibling; }
  while (column && !column.querySelector("button.s"));
  const sessions = column ? [...column.querySelectorAll("button.s")] : [];
  return sessions.find((other) => other.value === cell.value) ?? sessions[0];
}

function stacked(cell, down) {
  const inColumn = [...cell.closest("table").querySelectorAll(`td[data-d="${cell.closest("td").dataset.d}"] button.s`)];
  return inColumn[inColumn.indexOf(cell) + down];
}

let opener = null;
document.addEventListener("click", (event) => {
  const cell = event.target.closest("table.grid button.s");
  const grid = cell?.closest("table.grid[data-editor]");
  if (!grid) return;
  opener = cell;
  const row = cell.closest("tr");
  cell.dataset.place = JSON.stringify({ p: row.dataset.p, d: cell.closest("td").dataset.d, s: cell.value });
  // A day of the same is one cell: its lower half stands for the afternoon.
  const afternoon = cell.classList.contains("day") && event.offsetY > cell.clientHeight / 2;
  const address = new URL(grid.dataset.editor, location.href);
  address.search = new URLSearchParams({ schedule: grid.dataset.schedule, person: row.dataset.p, date: cell.closest("td").dataset.d, session: afternoon ? "PM" : cell.value });
  htmx.ajax("GET", address.pathname + address.search, { target: "#drawer", swap: "innerHTML" });
});

// Settled and not swapped: a form that takes Enter before htmx has wired it would be sent by the browser itself.
document.addEventListener("htmx:afterSettle", (event) => {
  const drawer = document.getElementById("drawer");
  if (!drawer || event.detail.target !== drawer) return;
  // The present choice, so that an arrow key chooses another and Enter saves; a drawer without choices: its first button.
  const first = drawer.querySelector("input:checked") ?? drawer.querySelector("button, a");
  first?.focus();
});

function closeDrawer() {
  const drawer = document.getElementById("drawer");
  if (drawer && drawer.childElementCount) { drawer.replaceChildren(); opener?.focus(); }
}
document.addEventListener("click", (event) => { if (event.target.closest("[data-close-drawer]")) closeDrawer(); });

// The grid opens on today where today is in its range.
for (const box of document.querySelectorAll(".grid-box")) {
  const today = box.querySelector("thead th.today");
  if (today && box.scrollWidth > box.clientWidth) box.scrollLeft = today.offsetLeft - box.clientWidth / 2;
}

// A page that answers a form is kept in the history as a page to look at: going back or reloading sends nothing again.
history.replaceState(history.state, "", document.body.dataset.page ? document.body.dataset.page + location.search + location.hash : location.href);

// A form that came back opens where something is wrong with it.
if (!document.querySelector("[autofocus]")) document.querySelector("main [aria-invalid=true]")?.focus();

// What a browser says of an empty field, in the words of this site's own sentences.
document.addEventListener("invalid", (event) => {
  const field = event.target;
  const label = field.labels?.[0]?.firstChild?.textContent.trim() || field.labels?.[0]?.textContent.trim();
  if (!field.validity.valueMissing || !label) return;
  const said = field.type === "checkbox" ? "Tick this to go on." : field.matches("select, [type=radio], [type=file]") ? `Choose “${label}” first.` : `Fill in “${label}”.`;
  field.setCustomValidity(said);
  field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  field.addEventListener("change", () => field.setCustomValidity(""), { once: true });
}, true);

// What is being corrected is no longer marked as wrong.
document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("[aria-invalid=true]")) return;
  field.removeAttribute("aria-invalid");
  document.getElementById(`${field.id}_error`)?.remove();
});

// A row of tabs that is wider than the screen opens on the present one.
for (const tab of document.querySelectorAll(".subnav [aria-current]")) {
  const row = tab.closest(".subnav");
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.clientWidth) / 2;
}

if (window.matchMedia("(max-width: 860px)").matches) {
  for (const box of document.querySelectorAll("details[data-closed-on-phone]")) box.open = false;
}

// After a saved change the table is replaced; the cell that was being edited gets its place back.
document.addEventListener("htmx:afterSettle", refind);
function refind() {
  if (!opener || opener.isConnected) return;
  const { p, d, s } = opener.dataset.place ? JSON.parse(opener.dataset.place) : {};
  if (!p) return;
  const cell = document.querySelector(`tr[data-p="${p}"] td[data-d="${d}"] button.s[value="${s}"]`) ?? document.querySelector(`tr[data-p="${p}"] td[data-d="${d}"] button.s`);
  if (!cell) return;
  cell.dataset.place = opener.dataset.place;
  for (const stop of document.querySelectorAll('table.grid button.s[tabindex="0"]')) stop.tabIndex = -1;
  cell.tabIndex = 0;
  opener = cell;
}

// Time left until a moment, counted down each half minute; what is over says so.
for (const shown of document.querySelectorAll("[data-until]")) {
  const until = Date.parse(shown.dataset.until);
  const count = () => {
    const minutes = Math.floor((until - Date.now()) / 60000);
    if (minutes < 0) { shown.textContent = "no time"; return clearInterval(timer); }
    shown.textContent = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  };
  const timer = setInterval(count, 30000);
}
