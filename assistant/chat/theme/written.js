// Answers that a language model writes: which kind is wanted, stopping, and quotes translated beside the original.
const writes = Boolean(props.model);
let mode = stored.get("mode") === "verbatim" ? "verbatim" : "written";
let runNumber = 0;
let writingTurn = "";
const runPrefix = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const chosenMode = () => (writes ? mode : "verbatim");

function setMode(wanted) {
  mode = wanted;
  stored.set("mode", wanted);
  showMode();
}

function showMode() {
  for (const button of document.querySelectorAll("#q-mode [data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }
  const lead = document.querySelector('#q-intro [data-t^="intro_text"]');
  if (!writes || !lead) return;
  lead.dataset.t = mode === "written" ? "intro_text_written" : "intro_text";
  lead.textContent = words(lead.dataset.t);
}

// What goes with a question to be written: a name to stop it by, and the turns that it may follow up on.
function writingOf({ previous, mode: wanted }) {
  if (wanted !== "written") return {};
  runNumber += 1;
  const turns = previous ? [...document.querySelectorAll('.q-turn[data-state="done"]')].slice(-4) : [];
  const earlier = turns.map((turn) => [turn.dataset.question, (turn.querySelector(".q-text")?.textContent || "").slice(0, 600)]);
  return { run: `${runPrefix}-${runNumber}`, earlier };
}

// Stops the model; what was checked so far stays and becomes the answer. False where nothing is being written yet.
function stopWriting() {
  const progress = document.querySelector("#q-stage .q-turn [data-run]");
  if (!progress || progress.dataset.stopping) return Boolean(progress);
  progress.dataset.stopping = "yes";
  const said = progress.querySelector("[data-t]");
  said.dataset.t = "writing_stopping";
  said.textContent = words("writing_stopping");
  announce("writing_stopping");
  server.stop_writing({ run: progress.dataset.run }).catch(() => { endWith("stopped"); });
  input.focus();
  return true;
}

// What is focused or unfolded in an answer stays so while the answer grows, for each step replaces it.
let focused = null;
function keyOf(node) {
  const same = [...document.querySelectorAll(`#q-stage ${node.tagName}`)];
  return { tag: node.tagName, marker: node.dataset.marker || "", open: node.dataset.open || "", nth: same.indexOf(node) };
}
function restoreFocus() {
  if (!focused || document.activeElement !== document.body) return;
  const same = [...document.querySelectorAll(`#q-stage ${focused.tag}`)];
  const found = same.find((node) => (focused.marker && node.dataset.marker === focused.marker)
    || (focused.open && node.dataset.open === focused.open)) || same[focused.nth];
  if (found) found.focus({ preventScroll: true });
}

function writingChanged(turn) {
  const progress = turn.querySelector(".q-writing");
  if (progress) {
    clearTimeout(patience);
    const said = progress.textContent;
    if (said !== writingTurn) byId("q-status").textContent = said;
    writingTurn = said;
  }
  restoreFocus();
  if (turn.dataset.state !== "done") return;
  addTranslate(turn);
  addOtherKind(turn);
}

function textButton(className, action, key) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  button.dataset.action = action;
  const label = document.createElement("span");
  label.dataset.t = key;
  label.textContent = words(key);
  button.append(label);
  return button;
}

// A written answer can be had in the documents' own words, and the other way round.
function addOtherKind(turn) {
  const actions = turn.querySelector(".q-actions");
  if (!writes || !actions || turn.classList.contains("q-refusal")) return;
  const by = turn.querySelector("[data-by]")?.dataset.by;
  if (by === "documents") return;
  const other = by === "model" ? "verbatim" : "written";
  actions.append(textButton("q-action", other, `ask_${other}`));
}

function addTranslate(turn) {
  if (!writes) return;
  const wanted = turn.querySelector("h2").lang;
  for (const card of turn.querySelectorAll(".q-evidence > .q-card")) {
    if (!card.querySelector(".q-mark") || card.querySelector(".q-excerpt").lang === wanted) continue;
    card.querySelector(".q-excerpt").after(textButton("q-link q-translate", "translate", "translate"));
  }
}

async function translateCard(button) {
  const card = button.closest(".q-card");
  const turn = button.closest(".q-turn");
  const label = button.querySelector("[data-t]");
  const say = (key) => { label.dataset.t = key; label.textContent = words(key); };
  const shown = card.querySelector(".q-translation");
  if (shown) {
    shown.remove();
    button.setAttribute("aria-expanded", "false");
    return say("translate");
  }
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  say("translating");
  announce("translating");
  const markers = new Set([...card.querySelectorAll(".q-knot")].map((knot) => Number(knot.dataset.marker)));
  const spans = JSON.parse(turn.dataset.citations).filter(([marker]) => markers.has(marker)).map(([, , start, end]) => [start, end]);
  const wanted = turn.querySelector("h2").lang;
  let reply;
  try {
    reply = await server.translate_quotes({ doc: card.dataset.doc, spans, language: wanted });
  } catch {
    reply = { error: "error_connection" };
  }
  button.removeAttribute("aria-busy");
  const box = document.createElement("div");
  box.className = "q-translation";
  for (const text of reply.texts || []) {
    const quote = document.createElement("p");
    quote.className = "q-translated";
    quote.lang = wanted;
    quote.dir = "auto";
    quote.textContent = text;
    box.append(quote);
  }
  const note = document.createElement("p");
  note.className = "q-quiet";
  const said = document.createElement("span");
  said.dataset.t = reply.error || "translation_of";
  said.dataset.values = JSON.stringify({ model: props.model });
  said.textContent = words(said.dataset.t, { model: props.model });
  note.append(said);
  box.append(note);
  button.after(box);
  byId("q-status").textContent = box.textContent;
  if (reply.error) return say("translate");
  button.setAttribute("aria-expanded", "true");
  return say("hide_translation");
}

document.addEventListener("focusin", (event) => {
  focused = event.target.closest("#q-stage") ? keyOf(event.target) : null;
});
document.addEventListener("pointerdown", () => { focused = null; });
showMode();
document.addEventListener("quipu:language", showMode);
