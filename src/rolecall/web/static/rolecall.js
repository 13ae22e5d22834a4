// What the console adds where a browser runs scripts: keys, search as one types, live progress,
// boxes that tick boxes. Every page works without it. No dependencies, no inline code.
"use strict";

const part = { headers: { "x-rolecall": "part" }, credentials: "same-origin", redirect: "follow" };
const typing = (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));

// Keys: / searches, ? shows the keys, g and a letter goes to one of the seven places.
let went = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") for (const open of document.querySelectorAll("details.switch[open]")) open.open = false;
  if (typing(event.target)) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  } else if (event.key === "?") {
    const keys = document.getElementById("keys");
    if (keys) { keys.open ? keys.close() : keys.showModal(); }
  } else if (event.key === "g") {
    went = true;
    setTimeout(() => { went = false; }, 1200);
  } else if (went) {
    const place = document.querySelector(`.rail nav a[data-key="${CSS.escape(event.key)}"]`);
    went = false;
    if (place) place.click();
  }
});

// Search as one types: the answer's region with the same id takes the place of ours.
async function renew(form) {
  const target = document.getElementById(form.dataset.renews);
  const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  form.asked = address;
  target.setAttribute("aria-busy", "true");
  const answer = await fetch(address, part);
  if (answer.status === 401) { location.reload(); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(form.dataset.renews);
  if (fresh && form.asked === address) {
    target.replaceWith(fresh);
    follow_along(page);
    history.replaceState(null, "", address);
    prepare(fresh);
  }
}

// The buttons and filters beside a search are about what is shown now: a download is of what one sees.
function follow_along(page) {
  for (const place of [".top .acts", ".chips", "[data-keeps-filters]"]) {
    const ours = [...document.querySelectorAll(place)];
    const theirs = [...page.querySelectorAll(place)];
    if (ours.length === theirs.length) ours.forEach((one, at) => { if (!one.contains(document.activeElement)) one.replaceWith(theirs[at]); });
  }
}

// Live progress: ask again while the part says so, pause while nobody looks, survive a restart.
async function follow(node) {
  const wait = Number(node.dataset.every || 1000);
  let pause = wait;
  while (document.contains(node) && node.dataset.live) {
    await new Promise((done) => setTimeout(done, pause));
    if (document.hidden) continue;
    try {
      const answer = await fetch(node.dataset.live, part);
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(node.id);
      if (!fresh) { location.reload(); return; }
      document.getElementById("away")?.setAttribute("hidden", "");
      pause = wait;
      if (fresh.innerHTML !== node.innerHTML) node.innerHTML = fresh.innerHTML;
      if (fresh.dataset.live) { node.dataset.live = fresh.dataset.live; continue; }
      location.reload(); // it has ended: the whole page, with its receipts and its next step
      return;
    } catch {
      document.getElementById("away")?.removeAttribute("hidden");
      pause = Math.min(pause * 2, 15000); // the server restarts; the run does not mind
    }
  }
}

function counted(scope) {
  const boxes = [...scope.querySelectorAll("input[data-one]")];
  const ticked = boxes.filter((box) => box.checked).length;
  for (const told of scope.querySelectorAll("[data-count]")) told.textContent = ticked ? `${ticked} selected` : told.dataset.count;
  const all = scope.querySelector("input[data-all]");
  if (all) { all.checked = boxes.length > 0 && ticked === boxes.length; all.indeterminate = ticked > 0 && ticked < boxes.length; }
}

// On a phone a wide table is a list; each cell says which column it is of.
function label(table) {
  const columns = [...table.querySelectorAll("thead th")].map((one) => one.textContent.replace(/[▴▾]/g, "").trim());
  for (const row of table.querySelectorAll("tbody tr, tfoot tr")) {
    [...row.cells].forEach((cell, at) => {
      if (cell.tagName !== "TD") return;
      const empty = ["", "–"].includes(cell.textContent.trim()) && !cell.querySelector("input, a, button");
      cell.classList.toggle("blank", empty);
      if (columns[at] && !cell.querySelector("input, details, button, .mark")) { cell.classList.add("named"); cell.dataset.column = columns[at]; }
    });
  }
  table.classList.add("cards");
}

function prepare(root) {
  for (const table of root.querySelectorAll(".scroll > table:not(.slim)")) label(table);
  for (const form of root.querySelectorAll("form[data-renews]")) {
    let timer;
    form.addEventListener("input", (event) => {
      if (event.target.type !== "search") return;
      clearTimeout(timer);
      timer = setTimeout(() => renew(form), 180);
    });
    // A list opened by the pointer is chosen from at once; arrow keys only walk it, the button sends.
    form.addEventListener("pointerdown", () => { form.pointed = true; });
    form.addEventListener("keydown", () => { form.pointed = false; });
    form.addEventListener("change", (event) => { if (event.target.tagName === "SELECT" && form.pointed) form.requestSubmit(); });
  }
  for (const node of root.querySelectorAll("[data-live]")) follow(node);
  for (const form of root.querySelectorAll("form[data-select]")) counted(form);
  for (const range of root.querySelectorAll("input[type=range][data-days]")) {
    const out = document.getElementById(range.dataset.days);
    const day = () => new Date(Date.now() - (range.max - range.value) * 864e5).toISOString().slice(0, 10);
    range.addEventListener("input", () => { out.value = day(); });
    range.addEventListener("change", () => { out.value = day(); range.form.requestSubmit(); });
  }
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches?.("input[data-all]")) {
    for (const one of box.form.querySelectorAll("input[data-one]")) one.checked = box.checked;
  }
  if (box.matches?.("input[data-all], input[data-one]")) counted(box.form);
});

// A team dragged onto another one, or onto the head of the table for the top: the address that asks
// for the reason, the same the links of the table lead to.
let dragged = null;
const target = (event) => dragged && event.target.closest?.("[data-moves] [data-team]");
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-moves] tr[draggable]") || null;
  if (dragged) { event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", dragged.dataset.team); dragged.classList.add("lifted"); }
});
document.addEventListener("dragover", (event) => {
  const row = target(event);
  for (const one of document.querySelectorAll(".over")) if (one !== row) one.classList.remove("over");
  if (row && row !== dragged) { event.preventDefault(); row.classList.add("over"); }
});
document.addEventListener("drop", (event) => {
  const row = target(event);
  if (!row || row === dragged) return;
  event.preventDefault();
  const asked = new URLSearchParams({ move: dragged.dataset.team, below: row.dataset.team });
  location.assign(`${row.closest("[data-moves]").dataset.moves}?${asked}`);
});
document.addEventListener("dragend", () => {
  for (const one of document.querySelectorAll(".over, .lifted")) one.classList.remove("over", "lifted");
  dragged = null;
});

// A button pressed twice sends once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || "download" in form.dataset) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button?.dataset.busy) setTimeout(() => { button.dataset.said = button.textContent; button.textContent = button.dataset.busy; }, 0);
  keep_draft(form);
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[data-said]")) { button.textContent = button.dataset.said; delete button.dataset.said; }
});

// What was typed outlives a session that ended in the middle, and an answer that refused it: it is
// kept in this tab until the next page says it arrived, and given back to the same operator alone.
const me = document.querySelector(".rail .email")?.textContent ?? "";
const typed = (form) => [...form.elements].filter((one) => one.name && !one.disabled && !/^(hidden|password|file|submit|button)$/.test(one.type));
function keep_draft(form) {
  const fields = typed(form).map((one) => [one.name, one.value, /^(checkbox|radio)$/.test(one.type) ? one.checked : null]);
  if (me && fields.length) sessionStorage.setItem("draft", JSON.stringify({ me, page: location.pathname, action: form.getAttribute("action"), fields }));
}
function give_back() {
  const draft = JSON.parse(sessionStorage.getItem("draft") ?? "null");
  if (!draft) return;
  if (document.querySelector("[data-keep-draft]")) { sessionStorage.setItem("draft", JSON.stringify({ ...draft, wanted: true })); return; }
  sessionStorage.removeItem("draft");
  const form = [...document.forms].find((one) => one.getAttribute("action") === draft.action);
  if (!draft.wanted || draft.me !== me || draft.page !== location.pathname || !form) return;
  const left = [...draft.fields];
  for (const field of typed(form)) {
    const choice = /^(checkbox|radio)$/.test(field.type);
    const at = left.findIndex(([name, value]) => name === field.name && (!choice || value === field.value));
    if (at < 0) continue;
    const [[, value, checked]] = left.splice(at, 1);
    if (choice) field.checked = checked; else field.value = value;
    if (choice ? checked : value) for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }
  const told = document.createElement("div");
  told.className = "banner good";
  told.setAttribute("role", "status");
  told.textContent = "What you had typed is here again. Nothing of it was sent.";
  document.querySelector("main .top")?.after(told);
  for (const one of document.querySelectorAll("form[data-select]")) counted(one);
}

// A refusal stands beside the field it is about, where one can be told; the keyboard goes there.
function point_out(alert) {
  const said = alert.querySelector("p")?.textContent.trim() ?? "";
  const fields = [...document.querySelectorAll("main form[method=post] :is(input, select, textarea)")].filter((one) => one.name && one.type !== "hidden");
  const quoted = [...said.matchAll(/'([^']+)'/g)].map((one) => one[1]);
  const named = (field) => said.toLowerCase().startsWith(`${field.name.toLowerCase()}:`);
  const holds = (field) => field.value && (quoted.includes(field.value) || (field.type === "email" && said.includes(field.value)));
  const lacks = (field) => new RegExp(`needs? an? ${field.name}\\b`, "i").test(said);
  const field = fields.find(named) ?? fields.find(holds) ?? fields.find(lacks);
  if (!field) { alert.tabIndex = -1; alert.focus(); return; }
  const note = document.createElement("p");
  note.className = "hint wrong";
  note.id = `wrong-${field.name}`;
  note.textContent = named(field) ? said.slice(field.name.length + 1).trim() : said;
  field.after(note);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", `${note.id} ${field.getAttribute("aria-describedby") ?? ""}`.trim());
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  field.focus();
}

// Seconds spent looking at a list of decisions, told with them: nobody reads 50 lines in 3 seconds.
const begun = Date.now();
document.addEventListener("submit", (event) => {
  const field = event.target.querySelector?.("input[name=seconds]");
  if (field) field.value = String(Math.round((Date.now() - begun) / 1000));
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
  const place = event.target.closest?.("a[data-line]");
  if (place) { event.preventDefault(); go_to_line(document.getElementById("text"), Number(place.dataset.line)); }
  if (event.target.closest?.("[data-close]")) event.target.closest("dialog").close();
  for (const open of document.querySelectorAll("details.switch[open]")) if (!open.contains(event.target)) open.open = false;
});

// From a mistake in a file to its line in the editor.
function go_to_line(editor, line) {
  const lines = editor.value.split("\n");
  const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  editor.focus();
  editor.setSelectionRange(begin, begin + (lines[line - 1] ?? "").length);
  editor.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(editor).lineHeight));
}

prepare(document);
give_back();
const refusal = document.querySelector("main [role=alert]");
if (refusal && !document.querySelector("[autofocus]")) point_out(refusal);
