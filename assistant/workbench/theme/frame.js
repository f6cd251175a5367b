// The end of every page's script: what all pages of the workbench do. Before it stands the page's own script, which may
// give `page.clicked(button, event)` for clicks and `page.translated()` for when the language changed.
function announce(key, values = {}) {
  byId("q-status").textContent = key in tables[language] ? words(key, values) : key;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a[data-skip]");
  if (!button || button.closest("#q-reader")) return;
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
if (page.start) page.start();
document.documentElement.classList.add("q-ready");
