// The reader: a whole document beside the answer, scrolled to a cited sentence.
const narrow = matchMedia("(max-width: 959px)");
const reading = { turn: null, marker: 0, opener: null, request: 0, shown: "", doc: "", marks: [] };

const citationsOf = (turn) => JSON.parse(turn.dataset.citations || "[]")
  .map(([marker, doc, start, end]) => ({ marker, doc, start, end }));

const marksOf = (root, marker) => [...root.querySelectorAll(`mark[data-marker~="${marker}"]`)];

function setActive(turn, marker) {
  for (const node of document.querySelectorAll(".q-active")) node.classList.remove("q-active");
  if (!turn || !marker) return;
  for (const node of turn.querySelectorAll(`.q-chip[data-marker="${marker}"], .q-knot[data-marker="${marker}"]`)) {
    node.classList.add("q-active");
  }
  for (const node of marksOf(turn, marker)) node.classList.add("q-active");
}

function showReader() {
  const dialog = byId("q-reader");
  if (dialog.open) return;
  document.documentElement.classList.add("q-reading");
  if (narrow.matches) dialog.showModal();
  else dialog.show();
}

function closeReader() {
  byId("q-reader").close();
}

function readerClosed() {
  document.documentElement.classList.remove("q-reading");
  reading.request += 1;
  setActive(null, 0);
  const opener = reading.opener;
  reading.opener = null;
  if (opener && opener.isConnected) opener.focus();
}

async function fillReader(doc, marks) {
  const body = byId("q-reader-body");
  const key = JSON.stringify([doc, marks, language]);
  if (reading.shown === key) return true;
  const request = (reading.request += 1);
  reading.shown = "";
  const waiting = document.createElement("p");
  waiting.className = "q-quiet";
  waiting.textContent = words("loading");
  body.replaceChildren(waiting);
  let reply;
  try {
    reply = await server.open_document({ doc, marks, language });
  } catch {
    reply = { error: "reader_failed" };
  }
  if (request !== reading.request) return false;
  if (!reply || !reply.html) {
    waiting.textContent = words((reply && reply.error) || "reader_failed");
    return false;
  }
  body.innerHTML = reply.html;
  Object.assign(reading, { shown: key, doc, marks });
  return true;
}

function settleOn(marks) {
  const body = byId("q-reader-body");
  for (const node of body.querySelectorAll(".q-current")) node.classList.remove("q-current");
  for (const node of marks) node.classList.add("q-current");
  body.focus({ preventScroll: true });
  if (!marks.length) return;
  settle(marks[0], 8);
}

// In a long document lines out of sight have only an estimated height: go on until the place stands still.
function settle(mark, tries) {
  mark.scrollIntoView({ block: "center" });
  const before = mark.getBoundingClientRect().top;
  if (tries) requestAnimationFrame(() => {
    if (Math.abs(mark.getBoundingClientRect().top - before) > 1 || tries === 8) settle(mark, tries - 1);
  });
}

async function openCitation(turn, marker, opener) {
  const places = citationsOf(turn);
  const place = places.find((candidate) => candidate.marker === marker);
  if (!place) return;
  Object.assign(reading, { turn, marker, opener: opener || reading.opener });
  showReader();
  setActive(turn, marker);
  const step = places.indexOf(place) + 1;
  byId("q-position").textContent = words("position", { n: step, total: places.length });
  setSteps(step > 1, step < places.length);
  const marks = places.filter(({ doc }) => doc === place.doc).map(({ marker: n, start, end }) => [n, start, end]);
  if (await fillReader(place.doc, marks)) settleOn(marksOf(byId("q-reader-body"), marker));
}

async function openPassage(doc, start, end, opener) {
  Object.assign(reading, { turn: null, marker: 0, opener });
  showReader();
  byId("q-position").textContent = "";
  setSteps(false, false);
  if (await fillReader(doc, [[0, start, end]])) settleOn(marksOf(byId("q-reader-body"), 0));
}

function setSteps(back, forward) {
  for (const [name, possible] of [["previous", back], ["next", forward]]) {
    document.querySelector(`[data-reader="${name}"]`).setAttribute("aria-disabled", String(!possible));
  }
}

function step(by) {
  if (!reading.turn) return;
  const places = citationsOf(reading.turn);
  const next = places[places.findIndex(({ marker }) => marker === reading.marker) + by];
  if (next) openCitation(reading.turn, next.marker, null);
}

function readerKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const action = { n: () => step(1), p: () => step(-1), Escape: closeReader }[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

function readerClick(event) {
  const button = event.target.closest("[data-reader], [data-heading], [data-page]");
  if (!button) return;
  if (button.dataset.page) return togglePage(button);
  const action = { previous: () => step(-1), next: () => step(1), close: closeReader }[button.dataset.reader];
  if (action) action();
  const heading = button.dataset.heading && byId(button.dataset.heading);
  if (heading) {
    heading.scrollIntoView({ block: "start" });
    heading.focus({ preventScroll: true });
  }
}
