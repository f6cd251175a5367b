// The page of feedback: one of three views at a time.
const views = ["said", "gaps", "cases"];
const feedbackPage = { view: "said", request: 0 };

async function showView(view = feedbackPage.view) {
  feedbackPage.view = view;
  const request = (feedbackPage.request += 1);
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  let reply;
  try {
    reply = await server.show_view({ view, language });
  } catch {
    reply = { error: "view_failed" };
  }
  if (request !== feedbackPage.request) return;
  const place = byId("f-view");
  place.dataset.shown = view;
  if (reply.error) {
    place.textContent = words(reply.error);
    return;
  }
  place.innerHTML = reply.html;
  byId("f-readonly").hidden = reply.writable;
  for (const [name, count] of Object.entries(reply.counts)) {
    document.querySelector(`[data-count="${name}"]`).textContent = count;
  }
}

async function change(call, done) {
  let reply;
  try {
    reply = await call();
  } catch {
    reply = { error: "not_kept" };
  }
  announce(reply.error ? reply.said || reply.error : done);
  await showView();
  byId("w-main").focus();
}

async function removeCase(button, id) {
  const answer = await confirmed({
    title: words("case_remove_title", { id }),
    names: [button.closest("tr").querySelector("strong").textContent],
    answers: [["no", words("case_keep_it")], ["yes", words("case_remove"), true]],
  });
  if (answer === "yes") await change(() => server.remove_case({ id }), "case_removed");
  else button.focus();
}

const page = {
  clicked(button) {
    const { view, see, dismiss, restore, remove } = button.dataset;
    if (view) {
      history.replaceState(null, "", `#${view}`);
      showView(view);
    } else if (see) openPassage(see, 0, 1, button);
    else if (dismiss) change(() => server.dismiss_gap({ gap: dismiss }), "gap_dismissed");
    else if (restore) change(() => server.dismiss_gap({ gap: restore, undo: true }), "gap_restored");
    else if (remove) removeCase(button, remove);
  },
  translated() {
    if (byId("f-view").dataset.shown) showView();
  },
  start() {
    const asked = location.hash.slice(1);
    document.addEventListener("quipu:case", (event) => {
      announce("case_kept", { id: event.detail.id });
      showView();
    });
    return showView(views.includes(asked) ? asked : "said");
  },
};
