// The list of documents: what is wanted of it, and the page that is shown.
const choice = { find: "", group: "", kind: "", language: "", sort: "title", descending: false, page: 1 };
const listing = { request: 0, facets: null };

async function showList() {
  const request = (listing.request += 1);
  let reply;
  try {
    reply = await server.list_documents({ ...choice, wanted: choice.language, language });
  } catch {
    reply = { error: "list_failed" };
  }
  if (request !== listing.request) return;
  if (!reply || reply.error) {
    byId("w-list").textContent = words("list_failed");
    return;
  }
  byId("w-list").innerHTML = reply.html;
  byId("w-summary").innerHTML = reply.summary;
  listing.facets = reply.facets;
  showFacets();
}

function option(value, label, selected) {
  const node = document.createElement("option");
  node.value = value;
  node.textContent = label;
  node.selected = value === selected;
  return node;
}

function named(prefix, code) {
  const key = `${prefix}_${code.toLowerCase()}`;
  return key in tables[language] ? words(key) : code;
}

function showFacets() {
  const { kinds, languages, groups } = listing.facets;
  byId("w-kind").replaceChildren(option("", words("all_kinds"), choice.kind),
    ...kinds.map(([kind, count]) => option(kind, `${named("kind", kind)} (${count})`, choice.kind)));
  byId("w-language").replaceChildren(option("", words("all_languages"), choice.language),
    ...languages.map(([code, count]) => option(code, `${named("language", code)} (${count})`, choice.language)));
  byId("w-groups").replaceChildren(...[["", null], ...groups].filter(([name, count]) => count !== 0 || name === choice.group)
    .map(([name, count]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "w-group";
      button.dataset.group = name;
      button.setAttribute("aria-pressed", String(name === choice.group));
      button.textContent = words(`group_${name || "all"}`) + (count === null ? "" : ` ${count}`);
      return button;
    }));
}

function choose(change) {
  Object.assign(choice, { page: 1 }, change);
  showList();
}

const page = {
  clicked(button) {
    const { sort, group, pageNumber, see } = button.dataset;
    if (sort) choose({ sort, descending: choice.sort === sort ? !choice.descending : false });
    else if (group !== undefined) choose({ group });
    else if (pageNumber) choose({ page: Number(pageNumber) });
    else if (see) openPassage(see, 0, 1, button);
  },
  translated() {
    if (listing.facets) showList();
  },
  start() {
    byId("w-find").addEventListener("input", (event) => choose({ find: event.target.value }));
    byId("w-kind").addEventListener("change", (event) => choose({ kind: event.target.value }));
    byId("w-language").addEventListener("change", (event) => choose({ language: event.target.value }));
    showList();
  },
};
