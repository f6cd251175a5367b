// The page that runs question sets: it looks how far the run is as long as one goes on.
const evaluatePage = { running: "", shown: null, looking: 0, set: "" };
const picked = new Set();

async function call(name, request, problem) {
  try {
    return await server[name]({ ...request, language });
  } catch {
    return { error: problem };
  }
}

const said = (reply) => reply.said || words(reply.error);

async function showSets() {
  const chosen = document.querySelector('[name="set"]:checked');
  const wanted = evaluatePage.set || (chosen && chosen.value);
  const reply = await call("show_sets", {}, "page_read_failed");
  if (reply.error) {
    byId("e-sets").textContent = said(reply);
    return;
  }
  byId("e-sets").innerHTML = reply.html;
  byId("e-readonly").hidden = reply.writable;
  byId("e-drop").hidden = !reply.writable;
  evaluatePage.writable = reply.writable;
  const again = [...document.querySelectorAll('[name="set"]')].find((choice) => choice.value === wanted);
  if (again) again.checked = true;
  evaluatePage.set = "";
  mayRun();
}

function mayRun() {
  byId("e-run").disabled = Boolean(evaluatePage.running) || !evaluatePage.writable || !document.querySelector('[name="set"]:checked');
}

async function showRuns() {
  clearTimeout(evaluatePage.looking);
  const reply = await call("show_runs", {}, "page_read_failed");
  clearTimeout(evaluatePage.looking);
  if (reply.error) {
    byId("e-runs").textContent = said(reply);
    evaluatePage.looking = setTimeout(showRuns, 5000);
    return;
  }
  const before = evaluatePage.running;
  evaluatePage.running = reply.running || "";
  showProgress(reply.progress);
  if (reply.html !== evaluatePage.runs) {
    evaluatePage.runs = reply.html;
    byId("e-runs").innerHTML = reply.html;
    for (const box of document.querySelectorAll("[data-pick]")) box.checked = picked.has(box.dataset.pick);
    const there = [...document.querySelectorAll("[data-pick]")].map((box) => box.dataset.pick);
    for (const run of [...picked]) if (!there.includes(run)) picked.delete(run);
    mayCompare();
  }
  mayRun();
  if (before && before !== evaluatePage.running) {
    announce("run_ended");
    showSets();
  }
  if (evaluatePage.running) evaluatePage.looking = setTimeout(showRuns, 1000);
}

// The button to stop keeps its place and focus while the bar moves.
function showProgress(html) {
  const place = byId("e-progress");
  const holder = document.createElement("div");
  holder.innerHTML = html;
  const now = place.querySelector(".e-going");
  const next = holder.querySelector(".e-going");
  if (now && next && now.dataset.run === next.dataset.run) {
    now.querySelector("p").replaceWith(next.querySelector("p"));
    now.querySelector("progress").replaceWith(next.querySelector("progress"));
  } else place.replaceChildren(...holder.childNodes);
}

function mayCompare() {
  byId("e-compare").disabled = picked.size !== 2;
}

async function show(name, request, scroll = true) {
  const reply = await call(name, request, name === "compare_runs" ? "compare_failed" : "report_gone");
  const place = byId("e-shown");
  if (reply.error) {
    announce(said(reply));
    place.hidden = false;
    place.textContent = said(reply);
    return;
  }
  evaluatePage.shown = [name, request];
  place.innerHTML = reply.html;
  place.hidden = false;
  if (!scroll) return;
  place.scrollIntoView({ block: "start" });
  place.focus({ preventScroll: true });
}

function closeShown() {
  evaluatePage.shown = null;
  byId("e-shown").hidden = true;
  byId("e-shown").replaceChildren();
  byId("w-main").focus({ preventScroll: true });
}

function showProblems(title, problems) {
  const place = byId("e-problems");
  const head = document.createElement("p");
  head.textContent = title;
  const list = document.createElement("ul");
  list.append(...problems.map((problem) => {
    const item = document.createElement("li");
    item.dir = "auto";
    item.textContent = problem;
    return item;
  }));
  place.replaceChildren(head, ...(problems.length ? [list] : []));
  place.hidden = !title;
}

function say(key, values = {}) {
  const said = byId("e-said");
  said.textContent = key ? words(key, values) : "";
  if (key) Object.assign(said.dataset, { t: key, values: JSON.stringify(values) });
  else delete said.dataset.t;
}

async function upload(file) {
  showProblems("", []);
  say("uploading");
  let reply;
  try {
    const answer = await fetch(`/evaluate/upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
    reply = answer.ok || answer.status === 422 ? await answer.json() : { said: words("upload_failed"), problems: [] };
  } catch {
    reply = { said: words("upload_failed"), problems: [] };
  }
  if (!reply.key) {
    say("");
    showProblems(reply.said, reply.problems);
    return;
  }
  say("uploaded", { n: reply.questions });
  evaluatePage.set = reply.key;
  await showSets();
}

async function start(event) {
  event.preventDefault();
  const chosen = document.querySelector('[name="set"]:checked');
  if (!chosen || evaluatePage.running) return;
  byId("e-run").disabled = true;
  const reply = await call("start_run", { set: chosen.value }, "run_failed");
  showProblems(reply.error ? said(reply) : "", []);
  if (!reply.error) announce("running_started");
  await showRuns();
}

async function remove(button, name, request, done) {
  const answer = await confirmed({
    title: button.getAttribute("aria-label"),
    text: words("for_good"),
    answers: [["no", words("keep")], ["yes", words("remove"), true]],
  });
  if (answer !== "yes") {
    button.focus();
    return;
  }
  const reply = await call(name, request, "not_removed");
  announce(reply.error ? said(reply) : done);
  await Promise.all([showSets(), showRuns()]);
  byId("w-main").focus({ preventScroll: true });
}

const page = {
  async clicked(button) {
    const { report, stop, removeRun, removeSet } = button.dataset;
    if (report) show("show_report", { run: report });
    else if (stop) {
      button.disabled = true;
      await call("stop_run", { run: stop }, "run_failed");
      showRuns();
    } else if (removeRun) remove(button, "remove_run", { run: removeRun }, "run_removed");
    else if (removeSet) remove(button, "remove_set", { set: removeSet }, "set_removed");
    else if (button.dataset.do === "compare") show("compare_runs", { runs: [...picked] });
    else if (button.dataset.do === "close") closeShown();
  },
  start() {
    if (!byId("e-start")) return null;
    byId("e-start").addEventListener("submit", start);
    byId("e-file").addEventListener("change", (event) => {
      if (event.target.files.length) upload(event.target.files[0]);
      event.target.value = "";
    });
    const drop = byId("w-main");
    drop.addEventListener("dragover", (event) => { event.preventDefault(); byId("e-drop").classList.add("e-over"); });
    drop.addEventListener("dragleave", () => byId("e-drop").classList.remove("e-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      byId("e-drop").classList.remove("e-over");
      if (evaluatePage.writable && event.dataTransfer.files.length) upload(event.dataTransfer.files[0]);
    });
    document.addEventListener("change", (event) => {
      if (event.target.name === "set") mayRun();
      const run = event.target.dataset.pick;
      if (!run) return;
      if (event.target.checked) picked.add(run);
      else picked.delete(run);
      mayCompare();
    });
    return Promise.all([showSets(), showRuns()]);
  },
};
