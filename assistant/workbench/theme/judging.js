// Thumbs under an answer, and the dialog that makes a case of a question.
const caseDialog = byId("j-case");
const caseForm = { quotes: [], doc: "", request: 0, opener: null, mustTouched: false, turn: "", selected: "" };

function judgeNote(judge, key, values = {}) {
  const note = judge.querySelector(".j-note");
  const known = key in tables[language];
  note.textContent = known ? words(key, values) : key;
  if (known) Object.assign(note.dataset, { t: key, values: JSON.stringify(values) });
  else delete note.dataset.t;
}

async function sendJudgement(judge, rating) {
  const correction = rating === "down" ? judge.querySelector("textarea").value : "";
  let reply;
  try {
    reply = await server.judge({ turn: judge.dataset.turn, rating, correction });
  } catch {
    reply = { error: "judge_failed" };
  }
  if (reply.error) {
    judgeNote(judge, reply.said || reply.error);
    return false;
  }
  for (const thumb of judge.querySelectorAll(".j-thumb")) {
    thumb.setAttribute("aria-pressed", String(thumb.dataset.judge === rating));
  }
  judgeNote(judge, rating ? "judge_thanks" : "judge_back");
  return true;
}

async function judgeClicked(button) {
  const judge = button.closest(".j-judge");
  const form = judge.querySelector(".j-correction");
  const chosen = button.dataset.judge;
  if (chosen === "close") {
    form.hidden = true;
    judge.querySelector('[data-judge="down"]').focus();
    return;
  }
  const back = button.getAttribute("aria-pressed") === "true";
  if (!await sendJudgement(judge, back ? "" : chosen)) return;
  form.hidden = back || chosen !== "down";
  if (!form.hidden) form.querySelector("textarea").focus();
}

function caseProblem(key) {
  const problem = byId("j-problem");
  problem.hidden = !key;
  problem.textContent = key && key in tables[language] ? words(key) : key;
}

function showQuotes() {
  byId("j-quotes-none").hidden = caseForm.quotes.length > 0;
  byId("j-quotes").replaceChildren(...caseForm.quotes.map((quote, number) => {
    const item = document.createElement("li");
    const text = document.createElement("blockquote");
    text.dir = "auto";
    text.textContent = quote.quote;
    const source = document.createElement("span");
    source.className = "q-quiet";
    source.dir = "auto";
    source.textContent = quote.title;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "q-tool";
    remove.dataset.caseDo = "remove";
    remove.dataset.number = number;
    remove.dataset.tLabel = "case_remove_quote";
    remove.setAttribute("aria-label", words("case_remove_quote"));
    remove.append("×");
    item.append(text, source, remove);
    return item;
  }));
  if (!caseForm.mustTouched) {
    byId("j-must").value = [...new Set(caseForm.quotes.flatMap((quote) => quote.musts))].slice(0, 10).join("\n");
  }
  showFigures();
}

const musts = () => byId("j-must").value.split("\n").map((line) => line.trim()).filter(Boolean);

// Figures of the quotes that are not asked for yet, to be added by a click.
function showFigures() {
  const asked = musts();
  const figures = [...new Set(caseForm.quotes.flatMap((quote) => quote.figures))].filter((figure) => !asked.includes(figure));
  byId("j-figures").hidden = !figures.length;
  byId("j-figures").replaceChildren(...figures.slice(0, 8).map((figure) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "j-figure";
    button.dataset.caseDo = "must";
    button.dataset.figure = figure;
    button.append(`+ ${figure}`);
    return button;
  }));
}

function showDocuments(documents) {
  const none = [["", words("case_no_document")]];
  byId("j-documents").replaceChildren(...(documents.length ? documents : none).map(([id, title]) => {
    const option = document.createElement("option");
    option.value = id;
    option.textContent = title;
    return option;
  }));
}

async function showCaseText(doc, keepPlace = false) {
  const text = byId("j-text");
  const request = (caseForm.request += 1);
  const top = keepPlace ? text.scrollTop : 0;
  caseForm.doc = doc;
  caseForm.selected = "";
  byId("j-documents").value = doc;
  if (!doc) return text.replaceChildren();
  const marks = caseForm.quotes.filter((quote) => quote.doc === doc).map(({ start, end }, number) => [number + 1, start, end]);
  let reply;
  try {
    reply = await server.open_document({ doc, marks, language });
  } catch {
    reply = { error: "reader_failed" };
  }
  if (request !== caseForm.request) return null;
  if (!reply.html) {
    text.textContent = words("reader_failed");
    return null;
  }
  const holder = document.createElement("div");
  holder.innerHTML = reply.html;
  for (const node of holder.querySelectorAll("[id]")) node.removeAttribute("id");
  for (const node of holder.querySelectorAll(".q-contents, .q-page-button")) node.remove();
  text.replaceChildren(...holder.childNodes);
  const mark = text.querySelector("mark");
  if (keepPlace) text.scrollTop = top;
  else if (mark) mark.scrollIntoView({ block: "center" });
  else text.scrollTop = 0;
  return null;
}

// The characters that are selected in the document, as it holds them: what a browser shows of it may differ in white space.
function selectedText() {
  const selection = getSelection();
  const page = byId("j-text").querySelector(".q-document");
  if (!page || !selection.rangeCount || selection.isCollapsed) return "";
  const range = selection.getRangeAt(0).cloneRange();
  if (!range.intersectsNode(page)) return "";
  const whole = document.createRange();
  whole.selectNodeContents(page);
  if (range.compareBoundaryPoints(Range.START_TO_START, whole) < 0) range.setStart(whole.startContainer, whole.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, whole) > 0) range.setEnd(whole.endContainer, whole.endOffset);
  return range.toString();
}

async function addQuote(quote) {
  let reply;
  try {
    reply = await server.case_quote({ doc: caseForm.doc, quote, answer: byId("j-answer").value });
  } catch {
    reply = { error: "case_failed" };
  }
  caseProblem(reply.error || "");
  if (reply.error) return;
  if (!caseForm.quotes.some((known) => known.doc === reply.doc && known.quote === reply.quote)) caseForm.quotes.push(reply);
  getSelection().removeAllRanges();
  caseForm.selected = "";
  byId("j-use-selection").disabled = true;
  showQuotes();
  showCaseText(caseForm.doc, true);
}

function chooseExpected(answerable) {
  byId("j-answerable").hidden = !answerable;
  caseDialog.querySelector(".j-document").hidden = !answerable;
  caseDialog.classList.toggle("j-unanswerable", !answerable);
}

async function openCase(button) {
  let reply;
  try {
    reply = await server.case_form({ turn: button.dataset.case, language });
  } catch {
    reply = { error: "case_failed" };
  }
  if (reply.error) {
    const judge = button.closest(".j-judge");
    if (judge) judgeNote(judge, reply.error);
    else announce(reply.error);
    return;
  }
  Object.assign(caseForm, { quotes: reply.quotes, opener: button, mustTouched: false, turn: button.dataset.case });
  byId("j-question").value = reply.question;
  byId("j-answer").value = reply.answer;
  byId("j-pasted").value = "";
  byId("j-find").value = "";
  caseDialog.querySelector('[name="j-answerable"][value="yes"]').checked = true;
  chooseExpected(true);
  caseProblem("");
  showQuotes();
  showDocuments(reply.documents);
  caseDialog.showModal();
  const first = reply.quotes.length ? reply.quotes[0].doc : (reply.documents[0] || [""])[0];
  showCaseText(first);
}

async function saveCase(event) {
  event.preventDefault();
  const answerable = caseDialog.querySelector('[name="j-answerable"]:checked').value === "yes";
  const request = {
    question: byId("j-question").value,
    answerable,
    quotes: caseForm.quotes.map(({ doc, quote }) => ({ doc, quote })),
    must_include: musts(),
    answer: byId("j-answer").value,
  };
  let reply;
  try {
    reply = await server.case_keep(request);
  } catch {
    reply = { error: "case_failed" };
  }
  if (reply.error) return caseProblem(reply.said || reply.error);
  const judge = caseForm.opener && caseForm.opener.closest(".j-judge");
  caseDialog.close();
  if (judge) judgeNote(judge, "case_kept", { id: reply.id });
  document.dispatchEvent(new CustomEvent("quipu:case", { detail: { id: reply.id } }));
  return null;
}

function caseClicked(button) {
  const action = button.dataset.caseDo;
  if (action === "close") caseDialog.close();
  else if (action === "use") addQuote(selectedText().trim() ? selectedText() : caseForm.selected);
  else if (action === "paste") addQuote(byId("j-pasted").value);
  else if (action === "must") {
    caseForm.mustTouched = true;
    byId("j-must").value = [...musts(), button.dataset.figure].join("\n");
    showFigures();
    byId("j-must").focus();
  } else if (action === "remove") {
    caseForm.quotes.splice(Number(button.dataset.number), 1);
    showQuotes();
    showCaseText(caseForm.doc, true);
    byId("j-question").focus();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.judge) judgeClicked(button);
  else if (button.dataset.case) openCase(button);
  else if (button.dataset.caseDo) caseClicked(button);
});
document.addEventListener("submit", async (event) => {
  if (!event.target.matches(".j-correction")) return;
  event.preventDefault();
  const judge = event.target.closest(".j-judge");
  if (await sendJudgement(judge, "down")) {
    event.target.hidden = true;
    judge.querySelector('[data-judge="down"]').focus();
  }
});
if (caseDialog) {
  let finding = 0;
  byId("j-case-form").addEventListener("submit", saveCase);
  byId("j-must").addEventListener("input", () => { caseForm.mustTouched = true; showFigures(); });
  byId("j-documents").addEventListener("change", (event) => showCaseText(event.target.value));
  byId("j-find").addEventListener("input", () => {
    clearTimeout(finding);
    finding = setTimeout(async () => {
      const reply = await server.case_documents({ find: byId("j-find").value });
      if (reply.error) return;
      showDocuments(reply.documents);
      showCaseText(byId("j-documents").value);
    }, 200);
  });
  for (const choice of caseDialog.querySelectorAll('[name="j-answerable"]')) {
    choice.addEventListener("change", () => chooseExpected(choice.value === "yes"));
  }
  document.addEventListener("selectionchange", () => {
    if (!caseDialog.open) return;
    const now = selectedText();
    const { anchorNode } = getSelection();
    // What is selected stays chosen when the pointer goes elsewhere, such as to the button.
    if (now.trim() || (anchorNode && byId("j-text").contains(anchorNode))) caseForm.selected = now;
    byId("j-use-selection").disabled = !caseForm.selected.trim();
  });
  byId("j-use-selection").addEventListener("mousedown", (event) => event.preventDefault());
  caseDialog.addEventListener("close", () => {
    if (caseForm.opener && caseForm.opener.isConnected) caseForm.opener.focus();
  });
}
