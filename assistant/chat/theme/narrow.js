// Narrowing the search: a panel of choices, and what is chosen as chips above the question.
const noFilter = () => ({ documents: [], publishers: [], languages: [], since: "", until: "", headings: [] });
const narrowing = { filter: noFilter(), titles: new Map(), request: 0, opener: null };
const panel = byId("q-filter");

const isNarrowed = (filter) => Object.values(filter).some((value) => value.length > 0);

// Only what is chosen, as the server takes it.
function chosenFilter(filter = narrowing.filter) {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value.length > 0));
}

function languageName(code) {
  const key = `language_${code.toLowerCase()}`;
  return key in tables[language] ? words(key) : code;
}

function filterParts(filter) {
  return [
    ...filter.documents.map((id) => ["documents", id, narrowing.titles.get(id) || id]),
    ...filter.publishers.map((name) => ["publishers", name, name]),
    ...filter.languages.map((code) => ["languages", code, languageName(code)]),
    ...(filter.since ? [["since", filter.since, words("since", { date: filter.since })]] : []),
    ...(filter.until ? [["until", filter.until, words("until", { date: filter.until })]] : []),
    ...filter.headings.map((heading) => ["headings", heading, words("under", { words: heading })]),
  ];
}

function showActive() {
  const row = byId("q-active");
  const parts = filterParts(narrowing.filter);
  row.hidden = parts.length === 0;
  byId("q-narrow").classList.toggle("q-on", parts.length > 0);
  const label = document.createElement("span");
  label.className = "q-quiet";
  label.textContent = words("narrow_active");
  row.replaceChildren(label, ...parts.map(([facet, value, shown]) => {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "q-part-chip";
    Object.assign(chip.dataset, { unfilter: facet, value });
    const text = document.createElement("span");
    text.dir = "auto";
    text.textContent = shown;
    chip.append(text);
    chip.setAttribute("aria-label", words("narrow_remove", { words: shown }));
    return chip;
  }));
  fitFoot();
}

// The answers leave as much room at the end as the composer takes.
function fitFoot() {
  const height = byId("q-composer").offsetHeight;
  document.documentElement.style.setProperty("--q-composer", `${height}px`);
  document.documentElement.style.setProperty("--q-below", `${height - panel.offsetHeight}px`);
}

function setFilter(filter) {
  narrowing.filter = { ...noFilter(), ...filter };
  showActive();
  if (!panel.hidden) fillPanel();
}

function removePart(facet, value) {
  const now = narrowing.filter[facet];
  setFilter({ ...narrowing.filter, [facet]: Array.isArray(now) ? now.filter((one) => one !== value) : "" });
}

function check(facet, value, title, note) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  label.className = "q-check";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = narrowing.filter[facet].includes(value);
  Object.assign(box.dataset, { choice: facet, value });
  const shown = document.createElement("span");
  shown.dir = "auto";
  shown.textContent = title;
  label.append(box, shown);
  if (note) {
    const quiet = document.createElement("span");
    quiet.className = "q-quiet";
    quiet.dir = "auto";
    quiet.textContent = note;
    label.append(quiet);
  }
  item.append(label);
  return item;
}

const listOf = (facet) => panel.querySelector(`[data-facet="${facet}"] .q-checks`);

function sayFitting(found) {
  const shown = found.fitting ? words("narrow_fitting", { n: found.fitting }) : words("narrow_none");
  byId("q-filter-count").textContent = isNarrowed(narrowing.filter) ? shown : "";
}

async function fillPanel() {
  const request = (narrowing.request += 1);
  const text = byId("q-filter-find").value;
  let found;
  try {
    found = await server.narrow({ text, filter: chosenFilter() });
  } catch {
    found = { error: "narrow_failed" };
  }
  if (request !== narrowing.request) return;
  if (!found || found.error) {
    byId("q-filter-count").textContent = words("narrow_failed");
    return;
  }
  for (const [id, title] of found.documents) narrowing.titles.set(id, title || id);
  const had = document.activeElement.dataset.value;
  const kept = narrowing.filter.documents
    .filter((id) => !text && !found.documents.some(([listed]) => listed === id))
    .map((id) => check("documents", id, narrowing.titles.get(id) || id, ""));
  const rows = found.documents.map(([id, title, publisher, date]) =>
    check("documents", id, title || id, [publisher, date.slice(0, 10)].filter(Boolean).join(" · ")));
  const note = found.more ? words("narrow_more", { n: found.more }) : rows.length ? "" : words("narrow_nothing");
  if (note) {
    const more = document.createElement("li");
    more.className = "q-quiet";
    more.textContent = note;
    rows.push(more);
  }
  listOf("documents").replaceChildren(...kept, ...rows);
  for (const facet of ["publishers", "languages"]) {
    listOf(facet).replaceChildren(...found[facet].map(([name, count]) =>
      check(facet, name, facet === "languages" ? languageName(name) : name, String(count))));
    panel.querySelector(`[data-facet="${facet}"]`).hidden = found[facet].length === 0;
  }
  panel.querySelector('[data-facet="dates"]').hidden = !found.dated;
  byId("q-filter-known").replaceChildren(...found.headings.map((heading) => {
    const option = document.createElement("option");
    option.value = heading;
    return option;
  }));
  byId("q-filter-since").value = narrowing.filter.since;
  byId("q-filter-until").value = narrowing.filter.until;
  if (document.activeElement !== byId("q-filter-headings")) {
    byId("q-filter-headings").value = narrowing.filter.headings.join(", ");
  }
  if (had) [...panel.querySelectorAll("input")].find((box) => box.dataset.value === had)?.focus();
  sayFitting(found);
  showActive();
}

async function togglePanel(open) {
  panel.hidden = !open;
  byId("q-narrow").setAttribute("aria-expanded", String(open));
  fitFoot();
  if (!open) return byId("q-narrow").focus();
  byId("q-filter-find").value = "";
  await fillPanel();
  byId("q-filter-find").focus({ preventScroll: true });
}

const headingWords = (value) => value.split(",").map((part) => part.trim()).filter(Boolean);

panel.addEventListener("change", (event) => {
  const input = event.target;
  const { choice, value } = input.dataset;
  const now = narrowing.filter;
  if (choice) {
    now[choice] = input.checked ? [...new Set([...now[choice], value])] : now[choice].filter((one) => one !== value);
  } else if (input.id === "q-filter-since") now.since = input.value;
  else if (input.id === "q-filter-until") now.until = input.value;
  else if (input.id === "q-filter-headings") now.headings = headingWords(input.value);
  else return;
  showActive();
  fillPanel();
});
panel.addEventListener("input", (event) => { if (event.target.id === "q-filter-find") fillPanel(); });
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); togglePanel(false); }
  // Enter in a field chooses; it does not send the question.
  if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    if (event.target.id === "q-filter-headings") narrowing.filter.headings = headingWords(event.target.value);
    fillPanel();
  }
});
panel.addEventListener("click", (event) => {
  const action = event.target.closest("[data-filter]")?.dataset.filter;
  if (action === "clear") setFilter(noFilter());
  if (action) { if (action === "done") togglePanel(false); }
});
byId("q-narrow").addEventListener("click", () => togglePanel(panel.hidden));
byId("q-active").addEventListener("click", (event) => {
  const chip = event.target.closest("[data-unfilter]");
  if (chip) { removePart(chip.dataset.unfilter, chip.dataset.value); input.focus(); }
});
addEventListener("resize", fitFoot);
