// Asking, stopping, and what stands around an answer.
const form = byId("q-composer");
const input = byId("q-input");
let turnNumber = 0;
let running = false;
let patience = 0;
// Ends the stream in which the answer comes.
let stream = new AbortController();
// What was asked last, so that it can be asked again as it was.
let asked = null;

const announce = (key) => { byId("q-status").textContent = words(key); };

function fitInput() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 168)}px`;
}

function setRunning(value) {
  running = value;
  byId("q-send").hidden = value;
  byId("q-stop").hidden = !value;
  clearTimeout(patience);
  if (value) patience = setTimeout(checkServer, 8000);
}

async function checkServer() {
  try {
    const reply = await fetch("healthz", { cache: "no-store" });
    if (!reply.ok) throw new Error(String(reply.status));
    setPending("waiting");
    announce("waiting");
    patience = setTimeout(checkServer, 8000);
  } catch {
    endWith("error_connection");
  }
}

function pendingTurn(question) {
  const turn = document.createElement("article");
  turn.className = "q-turn q-waiting";
  turn.dataset.question = question;
  const answer = document.createElement("div");
  answer.className = "q-answer";
  const title = document.createElement("h2");
  title.dir = "auto";
  title.textContent = question.length > 300 ? `${question.slice(0, 300)}…` : question;
  const note = document.createElement("p");
  note.className = "q-quiet q-progress";
  answer.append(title, note);
  turn.append(answer);
  return turn;
}

function setPending(key, ended = false) {
  const turn = byId("q-pending").firstElementChild;
  if (!turn) return;
  const note = turn.querySelector(".q-progress");
  note.dataset.t = key;
  note.textContent = words(key);
  if (!ended || turn.querySelector(".q-actions")) return;
  turn.classList.remove("q-waiting");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "q-action";
  again.dataset.action = "retry";
  again.dataset.t = "try_again";
  again.textContent = words("try_again");
  const actions = document.createElement("div");
  actions.className = "q-actions";
  actions.append(again);
  turn.querySelector(".q-answer").append(actions);
}

// Takes what was asked for ended without an answer, and says why.
function endWith(key) {
  stream.abort();
  setRunning(false);
  if (byId("q-stage").firstElementChild) byId("q-pending").replaceChildren(pendingTurn(asked.question));
  byId("q-stage").replaceChildren();
  setPending(key, true);
  announce(key);
}

// Earlier turns leave the place that answers stream into, and stay as they are.
function archive() {
  byId("q-history").append(...byId("q-stage").children, ...byId("q-pending").children);
}

// What a server says to a question that it does not take.
const refused = { 401: "error_login", 413: "error_large", 429: "error_busy" };

// Asks, and shows each line of the reply in the place of the one before: the turn as far as it has grown.
async function receive(question) {
  stream = new AbortController();
  const { signal } = stream;
  let problem = "error_connection";
  try {
    const headers = { "content-type": "application/json" };
    const reply = await fetch("ask", { method: "POST", headers, body: JSON.stringify(question), signal });
    problem = refused[reply.status] || problem;
    const reader = reply.ok ? reply.body.pipeThrough(new TextDecoderStream()).getReader() : null;
    let begun = "";
    for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
      const lines = (begun + part.value).split("\n");
      begun = lines.pop();
      if (lines.length && !signal.aborted) {
        byId("q-stage").innerHTML = JSON.parse(lines.pop());
        answerChanged();
      }
    }
  } catch { /* the connection ended: what is missing is told below */ }
  if (running && !signal.aborted) endWith(problem);
}

// The question before, if its turn was one that a question can follow up on.
function questionBefore() {
  const turns = [...document.querySelectorAll(".q-turn")].filter((turn) => turn.dataset.state === "done");
  return turns.length ? turns[turns.length - 1].dataset.question : "";
}

function ask(text, { previous = "", filter = chosenFilter(), mode = chosenMode() } = {}) {
  const question = text.trim();
  if (running) return;
  if (!question) {
    announce("error_empty");
    input.focus();
    return;
  }
  if (byId("q-reader").open) closeReader();
  if (!panel.hidden) togglePanel(false);
  byId("q-intro").hidden = true;
  document.documentElement.classList.add("q-asked");
  document.querySelector('[data-tool="new"]').hidden = false;
  archive();
  byId("q-pending").replaceChildren(pendingTurn(question));
  setPending("searching");
  setRunning(true);
  announce("searching");
  input.value = "";
  fitInput();
  byId("q-pending").firstElementChild.scrollIntoView({ block: "start" });
  turnNumber += 1;
  asked = { question, previous, filter, mode };
  receive({ ...asked, ...writingOf(asked), language, turn: turnNumber });
}

function stop() {
  if (!running || stopWriting()) return;
  endWith("stopped");
  input.focus();
}

function answerChanged() {
  const turn = byId("q-stage").firstElementChild;
  const first = byId("q-pending").childElementCount > 0;
  byId("q-pending").replaceChildren();
  if (first) turn.scrollIntoView({ block: "start" });
  if (turn.dataset.state === "waiting") {
    clearTimeout(patience);
    byId("q-status").textContent = turn.querySelector(".q-place").textContent;
    return;
  }
  writingChanged(turn);
  if (turn.dataset.state === "streaming") return;
  setRunning(false);
  if (turn.dataset.state === "error") {
    byId("q-status").textContent = turn.querySelector(".q-problem").textContent;
    if (!input.value) input.value = turn.dataset.question;
    fitInput();
  } else {
    announce(turn.classList.contains("q-refusal") ? "ready_refusal" : "ready");
  }
}

function newConversation() {
  if (running) stop();
  if (byId("q-reader").open) closeReader();
  setFilter(noFilter());
  for (const node of document.querySelectorAll(".q-turn")) node.remove();
  byId("q-intro").hidden = false;
  document.documentElement.classList.remove("q-asked");
  document.querySelector('[data-tool="new"]').hidden = true;
  byId("q-status").textContent = "";
  scrollTo(0, 0);
  input.focus();
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const holder = document.createElement("textarea");
    holder.value = text;
    holder.className = "q-hidden";
    document.body.append(holder);
    holder.select();
    document.execCommand("copy");
    holder.remove();
  }
}

async function act(button) {
  const turn = button.closest(".q-turn");
  const { question } = turn.dataset;
  const name = button.dataset.action;
  const applied = turn.dataset.filter || "";
  const filter = applied ? JSON.parse(applied) : {};
  if (name === "retry") return turn.dataset.state === "done" || !asked ? ask(question, { filter }) : ask(asked.question, asked);
  if (name === "literal") return ask(button.dataset.typed, { filter });
  if (name === "written" || name === "verbatim") return ask(question, { filter, mode: name });
  if (name === "translate") return translateCard(button);
  if (name === "everything") { setFilter(noFilter()); return ask(question, { filter: {} }); }
  if (name === "edit") {
    input.value = question;
    fitInput();
    return input.focus();
  }
  const narrowed = applied ? `&filter=${encodeURIComponent(applied)}` : "";
  const link = `${location.origin}${location.pathname}?q=${encodeURIComponent(question)}${narrowed}`;
  await (name === "copy" ? copyFootnotes(turn) : toClipboard(link));
  const done = name === "copy" ? "copied" : "linked";
  const label = button.querySelector("[data-t]");
  label.textContent = words(done);
  announce(done);
  setTimeout(() => { label.textContent = words(label.dataset.t); }, 2000);
}

function clicked(event) {
  const button = event.target.closest("button, a[data-skip]");
  if (!button || button.closest("#q-reader")) return;
  const turn = button.closest(".q-turn");
  const data = button.dataset;
  if (data.action) act(button);
  else if (button.classList.contains("q-chip")) { hideTip(); openCitation(turn, Number(data.marker), button); }
  else if (Number(data.open)) openCitation(turn, Number(data.open), button);
  else if ("open" in data) {
    openPassage(button.closest(".q-card").dataset.doc, Number(data.start), Number(data.end), button);
  }
  else if (button.classList.contains("q-example")) ask(data.question);
  else if (data.mode) setMode(data.mode);
  else if (mastheadClicked(data)) return;
  else if (data.tool === "new") newConversation();
  else if (button.matches("[data-skip]")) { event.preventDefault(); input.focus(); }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(input.value, { previous: questionBefore() });
});
byId("q-stop").addEventListener("click", stop);
input.addEventListener("input", fitInput);
input.addEventListener("keydown", (event) => {
  // While an input method composes a character, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  ask(input.value, { previous: questionBefore() });
});
byId("q-reader").addEventListener("close", readerClosed);
byId("q-reader").addEventListener("cancel", (event) => { event.preventDefault(); closeReader(); });
byId("q-reader").addEventListener("keydown", readerKey);
byId("q-reader").addEventListener("click", readerClick);
document.addEventListener("quipu:language", () => { showActive(); if (!panel.hidden) fillPanel(); });
document.addEventListener("click", clicked);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (tipped) hideTip();
  else if (!panel.hidden) togglePanel(false);
  else if (byId("q-reader").open) closeReader();
});
// Documents may have been added since this server was started.
async function countDocuments() {
  const place = document.querySelector('[data-t="intro_corpus"]');
  try {
    const { total } = await server.narrow({ text: "", filter: {} });
    if (!Number.isInteger(total)) return;
    place.dataset.values = JSON.stringify({ n: total });
    translate(place.parentElement);
  } catch { /* the number of before stays */ }
}

watchTips();
applyTheme();
setLanguage(language);
document.documentElement.classList.add("q-ready");
performance.mark("quipu-ready");
if (!narrow.matches) input.focus({ preventScroll: true });
fitFoot();
if (document.querySelector(".q-nav")) countDocuments();
const parameters = new URLSearchParams(location.search);
try {
  const linkedFilter = JSON.parse(parameters.get("filter") || "{}");
  const known = Object.entries(noFilter()).map(([name, empty]) => [name, typeof linkedFilter[name] === typeof empty
    && Array.isArray(linkedFilter[name]) === Array.isArray(empty) ? linkedFilter[name] : empty]);
  setFilter(Object.fromEntries(known));
} catch { /* a link that was cut short */ }
if (parameters.get("q")) ask(parameters.get("q"));
