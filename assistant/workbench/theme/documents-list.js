// The list of documents: what is wanted of it, the page that is shown, what is picked.
const choice = { find: "", group: "", kind: "", wanted: "", sort: "title", descending: false, page: 1 };
const listing = { request: 0, facets: null, picked: new Set() };

// What the server answers, or an error where it cannot be reached.
async function call(name, asked = {}) {
  try {
    return (await server[name]({ ...asked, language })) || { error: "failed" };
  } catch {
    return { error: "failed" };
  }
}

async function showList() {
  const request = (listing.request += 1);
  const reply = await call("list_documents", choice);
  if (request !== listing.request) return;
  if (reply.error) {
    byId("w-list").textContent = words("list_failed");
    return;
  }
  const focused = document.activeElement && document.activeElement.dataset;
  const again = focused && (focused.sort ? `[data-sort="${focused.sort}"]` : focused.pageNumber ? ".w-pager button:not(:disabled)" : "");
  byId("w-list").innerHTML = reply.html;
  byId("w-summary").innerHTML = reply.summary;
  for (const button of byId("w-list").querySelectorAll("[data-pick]")) button.checked = listing.picked.has(button.dataset.pick);
  showMoments(byId("w-summary"));
  listing.facets = reply.facets;
  showFacets();
  showPicked();
  const heir = again && byId("w-list").querySelector(again);
  if (heir) heir.focus();
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
  byId("w-language").replaceChildren(option("", words("all_languages"), choice.wanted),
    ...languages.map(([code, count]) => option(code, `${named("language", code)} (${count})`, choice.wanted)));
  const shown = [["", null], ...groups].filter(([name, count]) => count !== 0 || name === choice.group);
  // A group that is being pressed stays the same button, so that it keeps the focus.
  const known = new Map([...byId("w-groups").children].map((button) => [button.dataset.group, button]));
  const buttons = shown.map(([name, count]) => {
    const button = known.get(name) || document.createElement("button");
    button.type = "button";
    button.className = "w-group";
    button.dataset.group = name;
    button.setAttribute("aria-pressed", String(name === choice.group));
    button.textContent = words(`group_${name || "all"}`) + (count === null ? "" : ` ${count}`);
    return button;
  });
  for (const [name, button] of known) if (!shown.some(([other]) => other === name)) button.remove();
  buttons.forEach((button, place) => {
    if (byId("w-groups").children[place] !== button) byId("w-groups").insertBefore(button, byId("w-groups").children[place] || null);
  });
}

function choose(change) {
  Object.assign(choice, { page: 1 }, change);
  return showList();
}

function showPicked() {
  const { picked } = listing;
  const boxes = [...byId("w-list").querySelectorAll("[data-pick]")];
  byId("w-picked").hidden = picked.size === 0;
  byId("w-picked-text").textContent = picked.size ? words("picked", { n: picked.size }) : "";
  const all = byId("w-list").querySelector("[data-pick-all]");
  if (!all) return;
  all.checked = boxes.length > 0 && boxes.every((box) => box.checked);
  all.indeterminate = !all.checked && boxes.some((box) => box.checked);
}

function pick(box) {
  const boxes = box.dataset.pick === undefined
    ? [...byId("w-list").querySelectorAll("[data-pick]")]
    // Documents of one archive stand in one file, and go together.
    : [...byId("w-list").querySelectorAll("[data-pick]")].filter((other) => other.dataset.pick === box.dataset.pick);
  for (const one of boxes) {
    one.checked = box.checked;
    if (box.checked) listing.picked.add(one.dataset.pick);
    else listing.picked.delete(one.dataset.pick);
  }
  showPicked();
}

function unpick() {
  listing.picked.clear();
  for (const box of byId("w-list").querySelectorAll("[data-pick]")) box.checked = false;
  showPicked();
}

async function removePicked() {
  const files = [...listing.picked];
  const agreed = await confirmed({
    title: words("remove_title", { n: files.length }),
    text: words("remove_text"),
    names: files,
    answers: [["no", words("cancel")], ["yes", words("remove"), true]],
  });
  if (agreed !== "yes") return;
  let removed = 0;
  const problems = [];
  for (let first = 0; first < files.length; first += 100) {
    const reply = await call("remove_documents", { files: files.slice(first, first + 100) });
    if (reply.error) {
      problems.push(words(reply.error));
      break;
    }
    removed += reply.removed;
    problems.push(...reply.problems.map(([name, key]) => `${name}: ${words(key)}`));
  }
  listing.picked.clear();
  const said = [words("removed", { n: removed }), ...(problems.length ? [words("remove_problems", { what: problems.join("; ") })] : [])];
  say(said.join(" "));
  await changed();
}
