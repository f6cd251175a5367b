// What the bar at the top does, on every page; whether the click was one of its own.
function mastheadClicked(data) {
  if (data.language) {
    stored.set("language", data.language);
    setLanguage(data.language);
  } else if (data.tool === "theme") switchTheme();
  else if (data.tool === "logout") logOut();
  else return false;
  return true;
}

function logOut() {
  const leaving = document.createElement("form");
  leaving.method = "post";
  leaving.action = "/logout";
  document.body.append(leaving);
  leaving.submit();
}

// On a narrow window the links are wider than the bar: the one of this page stands in sight.
document.addEventListener("quipu:language", () => {
  const here = document.querySelector('.q-nav [aria-current="page"]');
  if (here) here.parentElement.scrollLeft = here.offsetLeft - (innerWidth - here.offsetWidth) / 2;
});
