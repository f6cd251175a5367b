// The interface in the reader's language: everything with data-t is put into other words, in place.
const tables = props.strings;
const byId = (id) => document.getElementById(id);
const stored = {
  get: (key) => { try { return localStorage.getItem(`quipu-${key}`); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(`quipu-${key}`, value); } catch { /* private window */ } },
};

function preferredLanguage() {
  const asked = new URLSearchParams(location.search).get("lang") || stored.get("language");
  const wanted = [asked, ...navigator.languages].map((tag) => (tag || "").slice(0, 2).toLowerCase());
  return wanted.find((code) => code in tables) || "en";
}

let language = preferredLanguage();

function words(key, values = {}) {
  const table = tables[language];
  const form = `${key}_${values.n === 1 ? "one" : "other"}`;
  const found = "n" in values && form in table ? table[form] : table[key];
  const said = (name) => (name === "n" && Number.isInteger(values.n) ? values.n.toLocaleString(language) : String(values[name]));
  return found.replace(/\{(\w+)\}/g, (slot, name) => (name in values ? said(name) : slot));
}

const translatedAttributes = { tLabel: "aria-label", tTitle: "title", tPlaceholder: "placeholder" };

function translate(root) {
  for (const node of root.querySelectorAll("[data-t], [data-t-label], [data-t-title], [data-t-placeholder]")) {
    const values = node.dataset.values ? JSON.parse(node.dataset.values) : {};
    if (node.dataset.t) node.textContent = words(node.dataset.t, values);
    for (const [source, attribute] of Object.entries(translatedAttributes)) {
      if (node.dataset[source]) node.setAttribute(attribute, words(node.dataset[source], values));
    }
  }
  for (const node of root.querySelectorAll("time[data-date]")) {
    const [year, month, day] = node.dateTime.split("-").map(Number);
    node.textContent = words("date", { day, month: words("months").split(" ")[month - 1], year });
  }
}

function setLanguage(code) {
  language = code;
  document.documentElement.lang = code;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === code));
  }
  translate(document);
  document.dispatchEvent(new CustomEvent("quipu:language"));
}
