// A page of a PDF as printed, in the reader, with the cited places boxed.
async function togglePage(button) {
  const holder = button.closest(".q-page");
  const number = Number(button.dataset.page);
  const shown = holder.querySelector(".q-sheet");
  if (shown) {
    shown.remove();
    return labelPage(button, false);
  }
  const sheet = document.createElement("div");
  sheet.className = "q-sheet q-loading";
  holder.append(sheet);
  labelPage(button, true);
  const { doc, marks } = reading;
  let found;
  try {
    found = await server.show_page({ doc, marks, page: number });
  } catch {
    found = { error: "page_failed" };
  }
  if (!sheet.isConnected) return;
  sheet.classList.remove("q-loading");
  if (!found || found.error) {
    sheet.dataset.said = words("page_failed");
    announce("page_failed");
    return;
  }
  const image = new Image(found.width, found.height);
  image.alt = words("printed", { n: number });
  image.src = found.image;
  const boxes = found.boxes.map(([marker, left, top, width, height]) => {
    const box = document.createElement("span");
    box.className = "q-box";
    box.dataset.marker = marker;
    Object.assign(box.style, { left: `${left}%`, top: `${top}%`, width: `${width}%`, height: `${height}%` });
    return box;
  });
  sheet.replaceChildren(image, ...boxes);
}

function labelPage(button, open) {
  button.setAttribute("aria-expanded", String(open));
  const key = open ? "hide_page" : "show_page";
  for (const [name, attribute] of [["tLabel", "aria-label"], ["tTitle", "title"]]) {
    button.dataset[name] = key;
    button.setAttribute(attribute, words(key, { n: Number(button.dataset.page) }));
  }
}
