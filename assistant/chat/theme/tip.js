// The quote behind a citation, shown while its chip is pointed at or focused.
let tipped = null;
let hiding = 0;

function showTip(chip) {
  const turn = chip.closest(".q-turn");
  const marker = chip.dataset.marker;
  const marks = marksOf(turn.querySelector(".q-evidence"), marker);
  if (!marks.length) return;
  clearTimeout(hiding);
  if (tipped && tipped !== chip) tipped.removeAttribute("aria-describedby");
  const tip = byId("q-tip");
  const quoted = marks.flatMap((mark) => [...mark.childNodes].map((node) => node.cloneNode(true)));
  tip.querySelector(".q-tip-quote").replaceChildren(...quoted);
  tip.querySelector(".q-tip-title").textContent = marks[0].closest(".q-card").querySelector(".q-card-title").textContent;
  tip.hidden = false;
  chip.setAttribute("aria-describedby", "q-tip");
  tipped = chip;
  const at = chip.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left + at.width / 2 - width / 2), innerWidth - width - 8);
  const above = at.top - height - 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 8 ? above : at.bottom + 8}px`;
  if (!document.documentElement.classList.contains("q-reading")) setActive(turn, marker);
}

function hideTip() {
  clearTimeout(hiding);
  if (!tipped) return;
  byId("q-tip").hidden = true;
  tipped.removeAttribute("aria-describedby");
  tipped = null;
  if (!document.documentElement.classList.contains("q-reading")) setActive(null, 0);
}

// The pointer may travel from the chip onto the quote, to read or select it.
function leaveTip() {
  clearTimeout(hiding);
  hiding = setTimeout(hideTip, 250);
}

function watchTips() {
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const chip = event.target.closest(".q-chip");
    if (chip) showTip(chip);
    else if (event.target.closest("#q-tip")) clearTimeout(hiding);
    else if (tipped && document.activeElement !== tipped) leaveTip();
  });
  document.addEventListener("focusin", (event) => {
    const chip = event.target.closest(".q-chip");
    if (chip && chip.matches(":focus-visible")) showTip(chip);
    else hideTip();
  });
  document.addEventListener("scroll", hideTip, { passive: true });
}
