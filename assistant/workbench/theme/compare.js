// Comparing: one question to all documents, a few cells at a time, and the figures of the whole index.
const form = byId("q-composer");
const input = byId("q-input");
const comparing = { request: 0, mode: "ask", by: "document", asked: null, state: null, figures: null };

const asksFigures = () => comparing.mode === "figures";

function fitInput() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 168)}px`;
}

function press(name, value) {
  for (const button of document.querySelectorAll(`[data-${name}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[name] === value));
  }
}

function chooseMode(mode) {
  stopComparing();
  comparing.mode = mode;
  press("mode", mode);
  byId("w-by").hidden = asksFigures();
  input.dataset.tPlaceholder = asksFigures() ? "figures_hint" : "ask_hint";
  byId("w-input-label").firstElementChild.dataset.t = asksFigures() ? "term" : "asked_all";
  translate(form);
  byId("w-result").hidden = asksFigures() || !comparing.state;
  byId("w-figures").hidden = !asksFigures();
  if (asksFigures() && !comparing.figures) listFigures("");
  input.value = asksFigures() ? (comparing.figures || { term: "" }).term : (comparing.asked || { question: "" }).question;
  fitInput();
}

function running(value) {
  byId("q-send").hidden = value;
  byId("w-stop").hidden = !value;
  byId("w-progress").hidden = !value;
}

function stopComparing() {
  if (byId("w-stop").hidden) return;
  comparing.request += 1;
  running(false);
  const state = comparing.state;
  if (state && state.asked) say(words("stopped_at", { done: state.done, n: state.asked }));
}

function say(text) {
  byId("w-state").textContent = text;
  announce(text);
}

async function called(name, asked) {
  try {
    return (await server[name]({ ...asked, language })) || { error: "compare_failed" };
  } catch {
    return { error: "error_connection" };
  }
}

// The surest answers stand above; documents that say nothing stand below, in the order in which they were asked.
function place(cell) {
  const holder = document.createElement("tbody");
  holder.innerHTML = cell.html;
  const row = holder.firstElementChild;
  row.dataset.confidence = cell.confidence;
  if (!cell.stated) return byId("w-silent").append(row);
  const below = [...byId("w-stated").children].find((other) => Number(other.dataset.confidence) < cell.confidence);
  byId("w-stated").insertBefore(row, below || null);
}

function showLimit() {
  const { asked, offset, subjects } = comparing.state;
  byId("w-limit").hidden = asked === subjects;
  byId("w-limit").textContent = words("limited", { first: offset + 1, last: offset + asked, total: subjects });
  const left = subjects - offset - asked;
  byId("w-more").hidden = left <= 0;
  byId("w-more").textContent = words("ask_next", { n: Math.min(left, asked) });
}

function finished() {
  const { asked } = comparing.state;
  say(words(`asked_${comparing.asked.by}`, { n: asked, stated: byId("w-stated").children.length }));
  showLimit();
}

async function compareAll(question, offset = 0, filter = chosenFilter(), by = comparing.by) {
  const request = (comparing.request += 1);
  const asked = { question, by, filter, offset };
  comparing.asked = asked;
  comparing.state = { done: 0, asked: 0, offset, subjects: 0 };
  if (byId("q-reader").open) closeReader();
  if (!panel.hidden) togglePanel(false);
  byId("w-result").hidden = false;
  byId("w-asked").textContent = question;
  byId("w-progress").removeAttribute("value");
  for (const id of ["w-stated", "w-silent", "w-notes"]) byId(id).replaceChildren();
  for (const id of ["w-limit", "w-more", "w-csv", "w-grid"]) byId(id).hidden = true;
  byId("w-state").textContent = words("searching");
  running(true);
  while (comparing.state.done === 0 || comparing.state.done < comparing.state.asked) {
    const reply = await called("compare_step", { ...asked, done: comparing.state.done });
    if (request !== comparing.request) return;
    if (reply.error) {
      running(false);
      return say(words(reply.error));
    }
    const { cells, ...state } = reply;
    comparing.state = state;
    byId("w-grid").hidden = false;
    cells.forEach(place);
    byId("w-progress").max = state.asked || 1;
    byId("w-progress").value = state.done;
    byId("w-state").textContent = words("asking", { done: state.done, n: state.asked });
    if (!cells.length) break;
  }
  running(false);
  byId("w-csv").hidden = false;
  finished();
  showNotes(request);
}

async function showNotes(request) {
  const reply = await called("compare_notes", comparing.asked);
  if (request === comparing.request && !reply.error) byId("w-notes").innerHTML = reply.html;
}

async function listFigures(term) {
  const request = (comparing.request += 1);
  const wanted = { term, filter: chosenFilter() };
  const section = byId("w-figures");
  const note = document.createElement("p");
  note.className = "w-note";
  note.textContent = words("reading_figures");
  section.replaceChildren(note);
  const reply = await called("list_figures", wanted);
  if (request !== comparing.request) return;
  if (reply.error) {
    note.textContent = words(reply.error);
    return announce(words(reply.error));
  }
  comparing.figures = wanted;
  section.innerHTML = reply.html;
  announce(words("figures_found", { n: reply.figures }));
}

async function saveCsv() {
  const reply = await called("compare_csv", comparing.asked);
  if (reply.error) return announce(words(reply.error));
  const link = document.createElement("a");
  // Spreadsheets read accents right behind a byte order mark.
  link.href = URL.createObjectURL(new Blob(["\ufeff", reply.csv], { type: "text/csv;charset=utf-8" }));
  link.download = "quipu-compare.csv";
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function submit() {
  const text = input.value.trim();
  if (asksFigures()) return listFigures(text);
  if (!text) {
    announce(words("error_empty"));
    return input.focus();
  }
  compareAll(text);
}

const page = {
  clicked(button) {
    const { mode, by, see, start, end } = button.dataset;
    if (mode) chooseMode(mode);
    else if (by) {
      comparing.by = by;
      press("by", by);
    } else if (see) openPassage(see, Number(start), Number(end), button);
    else if (button.id === "w-stop") stopComparing();
    else if (button.dataset.do === "csv") saveCsv();
    else if (button.dataset.do === "more") {
      compareAll(comparing.asked.question, comparing.state.offset + comparing.state.asked, comparing.asked.filter, comparing.asked.by);
    }
  },
  async translated() {
    showActive();
    if (!panel.hidden) fillPanel();
    if (comparing.state && comparing.state.asked && byId("w-stop").hidden) {
      finished();
      showNotes(comparing.request);
    }
    if (comparing.figures && asksFigures()) listFigures(comparing.figures.term);
  },
  start() {
    form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
    input.addEventListener("input", fitInput);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      submit();
    });
    running(false);
    const parameters = new URLSearchParams(location.search);
    if (parameters.has("figures")) {
      chooseMode("figures");
      input.value = parameters.get("figures");
      if (input.value) listFigures(input.value);
    } else if (parameters.get("q")) {
      input.value = parameters.get("q");
      compareAll(input.value);
    }
  },
};
