// The state of the index: what waits, the build that runs, the versions and the trash.
const state = { now: null, timer: 0, stopping: false, announced: "" };
const BUSY_EVERY = 1000;
const QUIET_EVERY = 6000;

const figure = (number) => new Intl.NumberFormat(language).format(number);

// Days before months, as the documents' own dates are written in both languages.
const dates = { en: "en-GB" };

function moment(iso) {
  const when = new Date(iso);
  return Number.isNaN(when.getTime()) ? iso : new Intl.DateTimeFormat(dates[language] || language, { dateStyle: "medium", timeStyle: "short" }).format(when);
}

function showMoments(root) {
  for (const node of root.querySelectorAll("time[data-moment]")) node.textContent = moment(node.dateTime);
}

function span(seconds) {
  if (seconds < 90) return words("seconds", { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return words("minutes", { n: Math.round(seconds / 60) });
  return words("hours", { n: (seconds / 3600).toFixed(1) });
}

async function refreshState() {
  clearTimeout(state.timer);
  const before = state.now;
  const reply = await call("index_state");
  if (!reply.error) {
    state.now = reply;
    showState();
    const moved = before && (before.generation !== reply.generation || String(Object.values(before.waiting)) !== String(Object.values(reply.waiting)) || before.change !== reply.change);
    if (moved) showList();
    if (before && before.generation !== reply.generation) refreshDetails();
    if (before && before.build && !reply.build) sayOutcome(reply);
  }
  const busy = state.now && (state.now.build || state.now.answering !== state.now.generation);
  clearTimeout(state.timer);
  state.timer = setTimeout(refreshState, document.hidden ? 4 * QUIET_EVERY : busy ? BUSY_EVERY : QUIET_EVERY);
}

function sayOutcome({ last }) {
  state.stopping = false;
  if (last) say(lastText(last));
}

function list(parts) {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(parts);
}

function waitingText({ waiting }) {
  const parts = Object.entries(waiting).filter(([, count]) => count).map(([name, count]) => words(`waiting_${name}`, { n: count }));
  const n = Object.values(waiting).reduce((sum, count) => sum + count, 0);
  return n ? words("waiting", { n, what: list(parts) }) : words("up_to_date");
}

function lastText({ outcome, ended, seconds, changes, message }) {
  const when = moment(ended);
  if (outcome !== "built") return words(`last_${outcome}`, { when }) + (message ? ` ${message}` : "");
  const parts = ["added", "changed", "removed", "skipped"].filter((name) => changes[name])
    .map((name) => words(`change_${name}`, { n: changes[name] }));
  return words("last_built", { when, time: span(seconds), what: parts.length ? list(parts) : words("change_none") });
}

function buildText(now) {
  const { build } = now;
  if (!build) return now.answering !== now.generation ? words("build_taking_up") : now.buildable ? waitingText(now) : "";
  if (!build.ours) return words("build_held", { holder: build.holder, since: moment(build.since) });
  return words(state.stopping ? "build_stopping" : build.stages.length ? "build_running" : "build_starting");
}

function showState() {
  const { now } = state;
  const notice = byId("w-notice");
  notice.hidden = now.notices.length === 0;
  notice.textContent = now.notices.map((key) => words(key)).join(" ");
  const text = buildText(now);
  byId("w-build").hidden = !text;
  byId("w-build").dataset.busy = String(Boolean(now.build));
  byId("w-build-text").textContent = text;
  const start = byId("w-start-build");
  const stop = byId("w-stop-build");
  const had = [start, stop].includes(document.activeElement);
  start.hidden = !now.manage || !now.buildable || Boolean(now.build);
  start.classList.toggle("w-main", Object.values(now.waiting).some(Boolean));
  stop.hidden = !(now.manage && now.build && now.build.ours);
  stop.disabled = state.stopping;
  const heir = [start, stop].find((button) => !button.hidden);
  if (had && heir && document.activeElement !== heir) heir.focus();
  showStages(now.build ? now.build.stages : []);
  const last = byId("w-last");
  last.textContent = !now.build && now.last ? lastText(now.last) : "";
  last.classList.toggle("w-problem", Boolean(!now.build && now.last && now.last.outcome === "failed"));
  byId("w-add").hidden = !now.change;
  byId("w-versions").hidden = false;
  byId("w-trash").hidden = !now.change && !now.trash;
  byId("w-trash-count").textContent = now.trash ? `(${figure(now.trash)})` : "";
}

function showStages(stages) {
  const holder = byId("w-stages");
  holder.hidden = stages.length === 0;
  stages.forEach((stage, place) => {
    const row = holder.children[place] || holder.appendChild(stageRow());
    const [label, bar, note] = row.children;
    const key = `stage_${stage.name}`;
    label.textContent = key in tables[language] ? words(key) : stage.name;
    bar.max = Math.max(stage.total, 1);
    bar.value = stage.total ? stage.done : 1;
    bar.setAttribute("aria-label", label.textContent);
    note.textContent = [
      words("stage_count", { done: figure(stage.done), total: figure(stage.total) }),
      ...(stage.rate && stage.done < stage.total ? [words("stage_rate", { rate: figure(Math.round(stage.rate)) })] : []),
      ...(stage.left ? [words("stage_left", { time: span(stage.left) })] : []),
    ].join(" · ");
  });
  while (holder.children.length > stages.length) holder.lastChild.remove();
}

function stageRow() {
  const row = document.createElement("div");
  row.className = "w-stage";
  row.append(document.createElement("span"), document.createElement("progress"), document.createElement("span"));
  return row;
}

async function startBuild() {
  byId("w-start-build").disabled = true;
  const reply = await call("start_build");
  byId("w-start-build").disabled = false;
  if (reply.error === "build_held" && reply.build) say(words("build_held", { holder: reply.build.holder, since: moment(reply.build.since) }));
  else if (reply.error) say(words(reply.error));
  else announce("build_starting");
  await refreshState();
}

async function stopBuild() {
  state.stopping = true;
  showState();
  const reply = await call("stop_build");
  if (reply.error || !reply.stopped) state.stopping = false;
  await refreshState();
}

const details = { "w-versions": "list_versions", "w-trash": "list_trash" };

async function fillDetails(box) {
  const body = box.querySelector(".w-details-body");
  const reply = await call(details[box.id]);
  if (reply.error) body.textContent = words(reply.error);
  else body.innerHTML = reply.html;
  showMoments(body);
}

function refreshDetails() {
  for (const id of Object.keys(details)) if (byId(id).open) fillDetails(byId(id));
}

async function rollBack(button) {
  const when = button.closest("li").querySelector("time").textContent;
  const agreed = await confirmed({
    title: words("version_title", { when }),
    text: words("version_text"),
    answers: [["no", words("cancel")], ["yes", words("version_back"), true]],
  });
  if (agreed !== "yes") return;
  const reply = await call("roll_back", { generation: button.dataset.rollback });
  say(reply.error ? reply.said || words(reply.error) : words("version_done"));
  await changed();
}

async function restore(button) {
  const reply = await call("restore_document", { id: button.dataset.restore });
  say(reply.error ? words(reply.error) : words("trash_restored", { name: reply.name }));
  await changed();
}

async function deleteForGood(button) {
  const { name, emptyTrash } = button.dataset;
  const all = emptyTrash !== undefined;
  const agreed = await confirmed({
    title: all ? words("delete_all_title", { n: Number(emptyTrash) }) : words("delete_title", { name }),
    text: words("delete_text"),
    answers: [["no", words("cancel")], ["yes", words(all ? "trash_delete_all" : "trash_delete"), true]],
  });
  if (agreed !== "yes") return;
  const reply = await call("delete_documents", all ? { all: true } : { ids: [button.dataset.delete] });
  if (reply.error) say(words(reply.error));
  await changed();
}
