// Taking the conversation away: a panel of formats; the server checks every quote and makes the file.
const takeButton = byId("q-take-button");
const takePanel = byId("q-take");
let taking = false;

const takeSaid = (message, failed = false) => {
  byId("q-take-said").textContent = message;
  byId("q-take-said").classList.toggle("q-take-problem", failed);
};

const takenTurns = () => [...document.querySelectorAll('.q-turn[data-state="done"]')]
  .map((turn) => JSON.parse(turn.dataset.record));

function toggleTake(open) {
  takePanel.hidden = !open;
  takeButton.setAttribute("aria-expanded", String(open));
  takeSaid("");
  if (open) takePanel.querySelector("[data-take]").focus();
}

function closeTake() {
  const inside = takePanel.contains(document.activeElement);
  toggleTake(false);
  if (inside) takeButton.focus();
}

function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  // Within the panel: a click anywhere else closes it, and what was saved would not be read.
  takePanel.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function refusedTake(reply) {
  const known = { 401: "take_login", 413: "take_large", 429: "take_busy", 503: "take_busy" }[reply.status];
  if (known) return words(known);
  try {
    const { message } = await reply.json();
    return message || words("take_failed");
  } catch {
    return words("take_failed");
  }
}

async function takeAway(format) {
  if (taking) return;
  const turns = takenTurns();
  if (!turns.length) return takeSaid(words("take_none"), true);
  taking = true;
  takePanel.setAttribute("aria-busy", "true");
  takeSaid(words("take_making"));
  try {
    const reply = await fetch("export", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ format, language, turns }),
    });
    if (!reply.ok) return takeSaid(await refusedTake(reply), true);
    const [, name] = /filename="([^"]+)"/.exec(reply.headers.get("content-disposition") || "") || [];
    saveFile(await reply.blob(), name || `quipu.${format}`);
    const left = Number(reply.headers.get("x-quipu-left-out")) || 0;
    takeSaid([words("take_done", { name }), left ? words("take_left_out", { n: left }) : ""].filter(Boolean).join(". "));
  } catch {
    takeSaid(words("take_offline"), true);
  } finally {
    taking = false;
    takePanel.removeAttribute("aria-busy");
  }
}

takeButton.addEventListener("click", () => toggleTake(takePanel.hidden));
takePanel.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-take]");
  if (chosen) takeAway(chosen.dataset.take);
});
takePanel.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    return closeTake();
  }
  const choices = [...takePanel.querySelectorAll("[data-take]")];
  const at = choices.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  choices.at(to % choices.length).focus();
});
document.addEventListener("click", (event) => {
  if (takePanel.hidden || takePanel.contains(event.target) || takeButton.contains(event.target)) return;
  // A change of language or theme leaves the panel open; anything else closes it.
  if (!event.target.closest("[data-language], [data-tool='theme']")) toggleTake(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !takePanel.hidden) closeTake();
});
