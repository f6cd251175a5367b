"""Web pages: what a reader came for, not the menus.

trafilatura finds the main content of a page among its navigation; a page without navigation, as word processors and
pandoc write them, is content from top to bottom and is kept whole.
"""

from __future__ import annotations

import re
from typing import Any

from index.formats.markup import render
from index.formats.plain import decode
from index.formats.types import Extracted, RefusedError

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.I)
_ASIDE = frozenset(["nav", "aside", "footer", "form", "search"])
_ROLES = frozenset(
    ["navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "toolbar", "dialog", "alert"]
)
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|submenu|breadcrumbs?|sidebar|cookies?|cookie-?\w*|consent|share|sharing|"
    r"social|newsletter|subscribe|advert\w*|ads?|promo|popup|modal|skip-link|pagination|pager|related|masthead-nav|"
    r"footer|comments?)(?:$|[\s_-])",
    re.I,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
LINKED_SHARE = 0.3
LEAST_SHARE = 0.35


def extract_html(data: bytes) -> Extracted:
    """The page's main content as text. Raises RefusedError if there is none."""
    return from_markup(markup_of(data))


def markup_of(data: bytes) -> str:
    """The page decoded, by its own word on its encoding where that holds."""
    declared = _CHARSET.search(data[:2048])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            # Pages that declare Latin-1 are in Windows-1252, as every browser takes them.
            name = declared.group(1).decode().lower()
            return data.decode("cp1252" if name in ("iso-8859-1", "latin1", "ascii", "us-ascii") else name)
        except (LookupError, UnicodeError):
            pass
    return decode(data)


def from_markup(markup: str) -> Extracted:
    """The same for a page that is decoded already."""
    root = parse(markup)
    if root is None:
        raise RefusedError("holds no text")
    metadata, title = _metadata(markup, root)
    whole = parse(markup)
    _prune(whole)
    pruned = _content_root(whole)
    text = render(pruned)
    if _has_navigation(root, pruned):
        main = _main_text(markup)
        # Its statistics are made for articles: on a page of tables or lists they may leave next to nothing.
        if len(main) >= LEAST_SHARE * len(text):
            text = main
    if not text.strip():
        raise RefusedError("holds no text")
    return Extracted(text, title, {"format": "html", **metadata})


def parse(markup: str) -> Any:
    """The page's tree, or None for an empty page; nothing is fetched, no entity of its own is expanded."""
    from lxml import etree
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    # An XML declaration in a decoded text would be an error.
    markup = re.sub(r"^\s*(?:\ufeff)?<\?xml[^>]*\?>", "", markup.replace("\0", ""))
    try:
        root = lxml_html.document_fromstring(markup, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return root


def _prune(root: Any) -> None:
    """Take off what is named as navigation, and what a reader does not see."""
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or element.tag in ("html", "body", "main", "article"):
            continue
        named = f"{element.get('class') or ''} {element.get('id') or ''}"
        inside_article = any(above.tag in ("article", "main") for above in element.iterancestors())
        if (
            (
                element.tag in _ASIDE
                or (element.tag == "header" and not inside_article and element.find(".//h1") is None)
                or (element.get("role") or "").lower() in _ROLES
                or element.get("hidden") is not None
                or element.get("aria-hidden") == "true"
                or _HIDDEN.search(element.get("style") or "")
                or (_NAMES.search(named) and element.tag in ("div", "ul", "ol", "section", "p", "span", "table"))
            )
            and element.getparent() is not None
            and not _holds_the_page(element, root)
        ):
            element.drop_tree()


def _holds_the_page(element: Any, root: Any) -> bool:
    """Whether most of the page's words stand in the element: a theme's name for a frame around everything."""
    own = sum(len(text) for text in element.itertext())
    return own > 0.5 * sum(len(text) for text in root.itertext())


def _content_root(root: Any) -> Any:
    """The one `main` or `article`, if the page has just one and most of the words stand there; else the body."""
    body = root.find("body") if root.find("body") is not None else root
    for tag in ("main", "article"):
        found = list(body.iter(tag))
        if len(found) == 1 and _holds_the_page(found[0], body):
            return found[0]
    return body


def _has_navigation(root: Any, pruned: Any) -> bool:
    """Whether links make up much of what is left, or much had to be taken off by name."""
    left = len("".join(pruned.itertext()).split())
    linked = sum(
        len("".join(link.itertext()).split()) for link in pruned.iter("a") if (link.get("href") or "")[:1] != "#"
    )
    return left > 0 and linked > LINKED_SHARE * left


def _main_text(markup: str) -> str:
    """What trafilatura takes for the main content, rendered like everything else; empty if it finds none."""
    import trafilatura

    found = trafilatura.bare_extraction(
        markup, include_comments=False, include_tables=True, include_formatting=True, favor_recall=True,
        with_metadata=False,
    )  # fmt: skip
    body = getattr(found, "body", None)
    if body is None:
        return ""
    return render(_to_html(body))


_TEI = {"item": "li", "row": "tr", "quote": "blockquote", "lb": "br", "code": "code", "hi": "b", "del": "del"}


def _to_html(body: Any) -> Any:
    """Trafilatura's TEI names as HTML's."""
    for element in body.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag == "head":
            element.tag = (element.get("rend") or "h2") if re.fullmatch(r"h[1-6]", element.get("rend") or "") else "h2"
        elif element.tag == "list":
            element.tag = "ol" if element.get("rend") == "ol" else "ul"
        elif element.tag == "cell":
            element.tag = "th" if element.get("role") == "head" else "td"
        else:
            element.tag = _TEI.get(element.tag, element.tag)
    return body


def _metadata(markup: str, root: Any) -> tuple[dict[str, str], str]:
    """What the page says of itself (author, publisher, date, address), and its title."""
    import trafilatura

    title, fields = "", {}
    try:
        found = trafilatura.extract_metadata(markup, extensive=False)
    except Exception:
        # Pages come with metadata of any shape, and a title is worth no page.
        found = None
    if found is not None:
        title = found.title or ""
        values = {"author": found.author, "publisher": found.sitename, "date": found.date, "source": found.url}
        fields = {name: " ".join(str(value).split()) for name, value in values.items() if value}
    if not title:
        element = root.find(".//title")
        title = " ".join("".join(element.itertext()).split()) if element is not None else ""
    return fields, " ".join(title.split())
