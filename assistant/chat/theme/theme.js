// Light or dark: the system's choice until the reader makes one.
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function applyTheme() {
  const theme = stored.get("theme") || (systemDark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  document.body.classList.toggle("dark", theme === "dark");
}

function switchTheme() {
  stored.set("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  applyTheme();
}

systemDark.addEventListener("change", applyTheme);
