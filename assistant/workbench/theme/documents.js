// What brings the page together: a line that says what happened, the text as the index sees it, and every click.
let saying = 0;

function say(text) {
  announce(text);
  const line = byId("w-said");
  line.textContent = text;
  line.hidden = false;
  clearTimeout(saying);
  saying = setTimeout(() => { line.hidden = true; }, 12000);
}

// Something in the folder or the index is not as it was.
async function changed() {
  refreshDetails();
  await Promise.all([showList(), refreshState()]);
}

async function seeText(doc, opener) {
  Object.assign(reading, { turn: null, marker: 0, opener, shown: "", doc, marks: [] });
  const request = (reading.request += 1);
  showReader();
  byId("q-position").textContent = "";
  setSteps(false, false);
  const body = byId("q-reader-body");
  body.textContent = words("loading");
  const reply = await call("see_text", { doc, first: 0 });
  if (request !== reading.request) return;
  if (reply.error) body.textContent = words("reader_failed");
  else body.innerHTML = reply.html;
  body.scrollTop = 0;
  body.focus({ preventScroll: true });
}

async function seeMore(button) {
  const request = reading.request;
  button.disabled = true;
  const reply = await call("see_text", { doc: reading.doc, first: Number(button.dataset.seenMore) });
  if (request !== reading.request) return;
  if (reply.error) {
    button.disabled = false;
    return;
  }
  const template = document.createElement("template");
  template.innerHTML = reply.html;
  button.replaceWith(template.content);
}

const page = {
  clicked(button) {
    const { sort, group, pageNumber, see, rollback, restore: back } = button.dataset;
    if (sort) choose({ sort, descending: choice.sort === sort ? !choice.descending : false });
    else if (group !== undefined) choose({ group });
    else if (pageNumber) choose({ page: Number(pageNumber) }).then(() => byId("w-list").scrollIntoView({ block: "start" }));
    else if (see) seeText(see, button);
    else if (rollback) rollBack(button);
    else if (back) restore(button);
    else if ("delete" in button.dataset || "emptyTrash" in button.dataset) deleteForGood(button);
    else {
      const action = {
        "w-start-build": startBuild, "w-stop-build": stopBuild, "w-remove": removePicked, "w-unpick": unpick,
        "w-arriving-end": cancelOrClose,
      }[button.id];
      if (action) action();
    }
  },
  translated() {
    if (!listing.facets || !state.now) return;
    showList();
    showState();
    retellArriving();
    refreshDetails();
    if (byId("q-reader").open) seeText(reading.doc, reading.opener);
  },
  start() {
    let typing = 0;
    byId("w-find").addEventListener("input", (event) => {
      clearTimeout(typing);
      typing = setTimeout(() => choose({ find: event.target.value }), 150);
    });
    byId("w-kind").addEventListener("change", (event) => choose({ kind: event.target.value }));
    byId("w-language").addEventListener("change", (event) => choose({ wanted: event.target.value }));
    byId("w-list").addEventListener("change", (event) => { if (event.target.matches("input")) pick(event.target); });
    byId("q-reader-body").addEventListener("click", (event) => {
      const more = event.target.closest("[data-seen-more]");
      if (more) seeMore(more);
    });
    for (const id of Object.keys(details)) byId(id).addEventListener("toggle", () => { if (byId(id).open) fillDetails(byId(id)); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) refreshState(); });
    watchFiles();
    return Promise.all([showList(), refreshState()]);
  },
};
