// The end of every page's script: what all pages of the workbench do. Before it stands the page's own script, which may
// give `page.clicked(button, event)` for clicks and `page.translated()` for when the language changed.
function announce(key, values = {}) {
  byId("q-status").textContent = key in tables[language] ? words(key, values) : key;
}

// Asks, in a dialog of the page: `answers` are [name, words, main]; gives the name, "no" where the dialog is left.
function confirmed({ title, text = "", names = [], answers }) {
  const dialog = byId("w-confirm");
  byId("w-confirm-title").textContent = title;
  byId("w-confirm-text").textContent = text;
  const shown = names.slice(0, 12).map((name) => [name, "auto"]);
  if (names.length > shown.length) shown.push(["…", ""]);
  byId("w-confirm-names").replaceChildren(...shown.map(([name, dir]) => {
    const row = document.createElement("li");
    row.dir = dir;
    row.textContent = name;
    return row;
  }));
  return new Promise((resolve) => {
    const ended = (answer) => {
      dialog.onclose = null;
      dialog.close();
      resolve(answer);
    };
    dialog.querySelector(".w-confirm-foot").replaceChildren(...answers.map(([name, label, main]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = main ? "w-button w-main" : "w-button";
      button.dataset.answer = name;
      button.textContent = label;
      button.addEventListener("click", () => ended(name));
      return button;
    }));
    dialog.onclose = () => resolve("no");
    dialog.showModal();
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a[data-skip]");
  if (!button || button.closest("#q-reader, #w-confirm")) return;
  if (mastheadClicked(button.dataset)) return;
  if (button.matches("[data-skip]")) {
    event.preventDefault();
    byId("w-main").focus();
  } else if (page.clicked) page.clicked(button, event);
});
document.addEventListener("quipu:language", () => {
  document.title = `${words("title")} · Quipu`;
  if (page.translated) page.translated();
});
byId("q-reader").addEventListener("close", readerClosed);
byId("q-reader").addEventListener("cancel", (event) => { event.preventDefault(); closeReader(); });
byId("q-reader").addEventListener("keydown", readerKey);
byId("q-reader").addEventListener("click", readerClick);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && byId("q-reader").open) closeReader();
});
applyTheme();
setLanguage(language);
Promise.resolve(page.start && page.start()).finally(() => document.documentElement.classList.add("q-ready"));
