// An answer for the clipboard: its words with numbered footnotes, as plain text and as rich text.
const markupSigns = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const asHtml = (text) => text.replace(/[&<>"']/g, (sign) => markupSigns[sign]).replace(/\r\n?|\n/g, "<br>");

function dateWords(value) {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(value) || [];
  const named = words("months").split(" ")[Number(month) - 1];
  return named ? words("date", { day: Number(day), month: named, year }) : value;
}

// Publisher, date and page, as far as they are known.
function aboutSource(source) {
  const { publisher, date, also, page, slide, sheet, row } = source;
  return [
    publisher, date && dateWords(date), also && words("also", { name: also }),
    slide ? words("slide", { n: slide }) : page && words("page", { n: page }),
    sheet && words("export_sheet", { name: sheet }), row && words("row", { n: row }),
  ].filter(Boolean).join(", ");
}

const placeOf = (source) => `${source.doc_id}:${source.start}-${source.end}`;
const quoted = (source) => words("export_quote", { quote: source.quote });
const titleOf = (source) => source.title || words("untitled");

const writtenBy = (record) => record.written_by ? [words("writing_copied", { model: record.written_by })] : [];

// What a language model wrote is copied from the record, which holds no sentence that was struck.
const writtenHtml = (text) => asHtml(text).split("<br>").filter(Boolean)
  .map((part) => `<p dir="auto">${part.replace(/\[(\d+)\]/g, "<sup>[$1]</sup>")}</p>`).join("");

function plainFootnotes(record) {
  const notes = record.citations.map((source) => {
    const about = [titleOf(source), aboutSource(source), source.link, placeOf(source)].filter(Boolean).join(". ");
    return `[${source.marker}] ${about}: ${quoted(source)}`;
  });
  const sources = notes.length ? ["", words("sources"), ...notes] : [];
  return [record.question, "", record.text, ...sources, ...writtenBy(record).flatMap((note) => ["", note])].join("\n");
}

// The answer's paragraphs as the page shows them, with the chips as superscripts and nothing but text beside.
function answerHtml(turn) {
  const inner = (node) => [...node.childNodes].map((child) => {
    if (child.nodeType === Node.TEXT_NODE) return asHtml(child.data);
    if (child.nodeType !== Node.ELEMENT_NODE || child.matches(".q-feeds")) return "";
    return child.matches(".q-chip") ? `<sup>[${asHtml(child.dataset.marker)}]</sup>` : inner(child);
  }).join("");
  return [...turn.querySelectorAll(".q-text .q-part")].map((part) => `<p dir="auto">${inner(part)}</p>`).join("");
}

function richFootnotes(turn, record) {
  const notes = record.citations.map((source) => {
    const title = asHtml(titleOf(source));
    const linked = source.link ? `<a href="${asHtml(source.link)}">${title}</a>` : title;
    const about = [aboutSource(source), placeOf(source)].filter(Boolean).map(asHtml).join(". ");
    return `<p dir="auto">[${source.marker}] <b>${linked}</b>. ${about}: ${asHtml(quoted(source))}</p>`;
  });
  const sources = notes.length ? `<p><b>${asHtml(words("sources"))}</b></p>${notes.join("")}` : "";
  const said = record.written_by ? writtenHtml(record.text) : answerHtml(turn);
  const note = writtenBy(record).map((line) => `<p>${asHtml(line)}</p>`).join("");
  return `<p dir="auto"><b>${asHtml(record.question)}</b></p>${said}${sources}${note}`;
}

async function copyFootnotes(turn) {
  const record = JSON.parse(turn.dataset.record);
  const forms = { "text/plain": plainFootnotes(record), "text/html": richFootnotes(turn, record) };
  try {
    const blobs = Object.entries(forms).map(([type, text]) => [type, new Blob([text], { type })]);
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
  } catch {
    // Without the clipboard's own interface (an address without TLS) the copy command is given both forms.
    const put = (event) => {
      event.preventDefault();
      for (const [type, text] of Object.entries(forms)) event.clipboardData.setData(type, text);
    };
    const focused = document.activeElement;
    const holder = document.createElement("textarea");
    holder.value = forms["text/plain"];
    holder.className = "q-hidden";
    document.body.append(holder);
    holder.select();
    document.addEventListener("copy", put);
    document.execCommand("copy");
    document.removeEventListener("copy", put);
    holder.remove();
    focused?.focus();
  }
}
