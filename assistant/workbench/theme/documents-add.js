// Adding documents: by dropping them anywhere on the page, or with the button.
const MOST_FILES = 500;
const AT_ONCE = 2;
const arriving = { busy: false, cancelled: false, requests: new Set(), rows: [], done: 0, total: 0, text: ["", {}] };
let dragged = 0;

// Every file below what was dropped; folders are walked.
async function droppedFiles(transfer) {
  const dropped = [...transfer.items].filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = [];
  const walk = async (entry, path) => {
    if (found.length > 10 * MOST_FILES) return;
    if (entry.isFile) {
      const file = await new Promise((resolve) => { entry.file(resolve, () => resolve(null)); });
      if (file) found.push({ file, name: path + file.name });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const part = await new Promise((resolve) => { reader.readEntries(resolve, () => resolve([])); });
      if (!part.length) return;
      for (const one of part) await walk(one, `${path}${entry.name}/`);
    }
  };
  for (const { entry, file } of dropped) {
    if (entry) await walk(entry, "");
    else if (file) found.push({ file, name: file.name });
  }
  // What lies about in folders, and is no document, need not be spoken of.
  return found.filter(({ name }) => !(name.includes("/") && name.split("/").pop().startsWith(".")));
}

function arrivingRow(name) {
  const row = document.createElement("li");
  const title = document.createElement("span");
  title.className = "w-arriving-name";
  title.dir = "auto";
  title.textContent = visible(name);
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", visible(name));
  const note = document.createElement("span");
  note.className = "w-arriving-note";
  row.append(title, bar, note);
  byId("w-arriving-list").append(row);
  const entry = { row, bar, note, key: "", values: {}, state: "" };
  arriving.rows.push(entry);
  return entry;
}

function tell(entry, state, key, values = {}) {
  Object.assign(entry, { state, key, values });
  entry.row.dataset.state = state;
  entry.note.textContent = words(key, values);
  entry.bar.hidden = state !== "sending";
}

function showArriving(key, values = {}) {
  arriving.text = [key, values];
  byId("w-arriving-text").textContent = words(key, values);
}

async function addFiles(files) {
  if (!files.length || !state.now.change) return;
  if (arriving.busy) {
    say(words("arriving_busy"));
    return;
  }
  Object.assign(arriving, { busy: true, cancelled: false, rows: [], done: 0 });
  const taken = files.slice(0, MOST_FILES);
  byId("w-arriving-list").replaceChildren();
  byId("w-arriving").hidden = false;
  // Who drops documents further down sees what becomes of them.
  byId("w-add").scrollIntoView({ block: "nearest" });
  byId("w-arriving-end").textContent = words("cancel");
  if (files.length > taken.length) tell(arrivingRow("…"), "failed", "too_many", { most: MOST_FILES, total: files.length });
  const waiting = [];
  for (let first = 0; first < taken.length; first += 50) {
    const part = taken.slice(first, first + 50);
    const reply = await call("plan_uploads", { files: part.map(({ file, name }) => [name.slice(0, 600), file.size]) });
    part.forEach(({ file, name }, place) => {
      const plan = reply.error ? reply : reply.files[place];
      const entry = arrivingRow(plan.name || name);
      if (plan.error) tell(entry, "failed", plan.error, sizes());
      else {
        tell(entry, "waiting", "upload_waiting");
        waiting.push({ file, name, plan, entry, mode: "ask" });
      }
    });
  }
  const sent = await settleConflicts(waiting);
  arriving.total = sent.length;
  if (sent.length) showArriving("arriving", { done: 0, total: sent.length });
  const line = [...sent];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = line.shift(); next; next = line.shift()) await sendFile(next);
  }));
  endArriving(taken.length);
}

// Documents whose names are taken: the person decides, once for all of them.
async function settleConflicts(waiting) {
  const conflicts = waiting.filter(({ plan }) => plan.taken);
  if (!conflicts.length) return waiting;
  const answer = await confirmed({
    title: words("conflict_title", { n: conflicts.length }),
    text: words("conflict_text"),
    names: conflicts.map(({ plan }) => plan.name),
    answers: [["no", words("conflict_skip")], ["both", words("conflict_both")], ["replace", words("conflict_replace"), true]],
  });
  for (const one of conflicts) {
    if (answer === "no") tell(one.entry, "skipped", "upload_skipped");
    else one.mode = answer;
  }
  return waiting.filter(({ entry }) => entry.state === "waiting");
}

function sendFile({ file, name, plan, entry, mode }) {
  if (arriving.cancelled) {
    tell(entry, "skipped", "upload_cancelled");
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    arriving.requests.add(request);
    const ended = (status, key, values) => {
      arriving.requests.delete(request);
      if (status === "done") arriving.done += 1;
      tell(entry, status, key, values);
      showArriving("arriving", { done: arriving.done, total: arriving.total });
      resolve();
    };
    request.upload.onprogress = (event) => { entry.bar.value = event.total ? event.loaded / event.total : 0; };
    request.onload = () => {
      let reply = null;
      try { reply = JSON.parse(request.responseText); } catch { /* not from our own route */ }
      if (request.status === 401) ended("failed", "refused_login");
      else if (!reply || (reply.error && !(reply.error in tables[language]))) ended("failed", "refused_connection");
      else if (reply.error) ended("failed", reply.error, sizes());
      else if (reply.same) ended("skipped", "upload_same");
      else if (reply.replaced) ended("done", "upload_replaced");
      else {
        entry.name = reply.name;
        ended("done", reply.name === name ? "upload_done" : "upload_as", { name: reply.name });
      }
    };
    request.onerror = () => ended("failed", "refused_connection");
    request.onabort = () => ended("skipped", "upload_cancelled");
    request.open("POST", `/documents/upload?mode=${mode}&name=${encodeURIComponent(name.slice(0, 600))}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    tell(entry, "sending", "upload_waiting");
    entry.note.textContent = "";
    entry.row.querySelector(".w-arriving-name").textContent = plan.name;
    request.send(file);
  });
}

const sizes = () => ({ size: Math.round(state.now.limits.file_bytes / 2 ** 20) });

function endArriving(total) {
  arriving.busy = false;
  const { done, cancelled } = arriving;
  byId("w-arriving-end").textContent = words("close_list");
  if (cancelled) showArriving("arrived_cancelled", { done, total });
  else if (!done) showArriving("arrived_none");
  else if (done < total) showArriving("arrived_some", { done, total });
  else showArriving("arrived", { n: done });
  changed().then(tellLeftOut);
}

// What came in under a name that a rule of the folder keeps out of the index.
async function tellLeftOut() {
  const came = arriving.rows.filter(({ state: known, name }) => known === "done" && name);
  for (let first = 0; first < came.length; first += 100) {
    const part = came.slice(first, first + 100);
    const reply = await call("left_out", { files: part.map(({ name }) => name) });
    for (const entry of part) if (!reply.error && reply.files.includes(entry.name)) tell(entry, "failed", "upload_left_out");
  }
}

function cancelOrClose() {
  if (!arriving.busy) {
    byId("w-arriving").hidden = true;
    byId("w-choose").focus();
    return;
  }
  arriving.cancelled = true;
  for (const request of [...arriving.requests]) request.abort();
}

function retellArriving() {
  for (const { note, key, values, state: known } of arriving.rows) if (known !== "sending") note.textContent = words(key, values);
  if (arriving.text[0]) byId("w-arriving-text").textContent = words(...arriving.text);
  byId("w-arriving-end").textContent = words(arriving.busy ? "cancel" : "close_list");
}

function watchFiles() {
  const carries = (event) => state.now && state.now.change && [...event.dataTransfer.types].includes("Files");
  const over = (value) => document.documentElement.classList.toggle("w-over", value);
  byId("w-choose").addEventListener("click", () => byId("w-files").click());
  byId("w-files").addEventListener("change", (event) => {
    addFiles([...event.target.files].map((file) => ({ file, name: file.name })));
    event.target.value = "";
  });
  document.addEventListener("dragenter", (event) => { if (carries(event)) { dragged += 1; over(true); } });
  document.addEventListener("dragleave", (event) => { if (carries(event)) { dragged -= 1; over(dragged > 0); } });
  document.addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  document.addEventListener("drop", async (event) => {
    dragged = 0;
    over(false);
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    if (carries(event)) addFiles(await droppedFiles(event.dataTransfer));
  });
}
