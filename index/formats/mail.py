"""Mail as files (.eml): the headers that matter, the body, and the attachments as documents of their own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from index.formats.limits import DEEPEST_ARCHIVE
from index.formats.tables import clean
from index.formats.types import Extracted, Outcome, Refused, RefusedError

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
MOST_ATTACHMENTS = 200


def extract_mail(data: bytes, seconds: float, depth: int = 0, first: int = 0) -> Iterator[list[Outcome]]:
    """The message, then each attachment, from the `first` of these parts on."""
    from index.formats.extract import attempt, documents_of

    message = BytesParser(policy=policy.default).parsebytes(data)
    if not isinstance(message, EmailMessage) or not any(
        message.get(name) for name in ("From", "Date", "Subject", "To")
    ):
        raise RefusedError("is no mail: it has none of the headers From, To, Date and Subject")
    if first == 0:
        yield attempt(partial(_only, message))
    for number, part in enumerate(_attachments(message), start=1):
        if number < first:
            continue
        name = clean(part.get_filename() or "") or f"attachment {number}{_suffix(part)}"
        inside = name.replace("/", "_").lstrip(".") or f"attachment {number}"
        if number > MOST_ATTACHMENTS:
            yield [Refused(f"is one of more than {MOST_ATTACHMENTS} attachments", inside)]
            return
        if depth >= DEEPEST_ARCHIVE:
            yield [Refused("is nested too deeply", inside)]
            continue
        yield attempt(partial(documents_of, io.BytesIO(_bytes(part)), inside, seconds, depth + 1), inside)


def _only(message: EmailMessage) -> list[Outcome]:
    return [_message(message)]


def _attachments(message: EmailMessage) -> Iterator[Any]:
    try:
        for part in message.iter_attachments():
            # Pictures of the letterhead are no documents.
            if part.get_content_maintype() not in ("image", "audio", "video"):
                yield part
    except (AttributeError, KeyError, ValueError, TypeError):
        # iter_attachments expects a well-made multipart.
        return


def _bytes(part: Any) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _suffix(part: Any) -> str:
    return {"message/rfc822": ".eml", "text/html": ".html", "text/plain": ".txt", "application/pdf": ".pdf"}.get(
        part.get_content_type(), ""
    )


def _message(message: EmailMessage) -> Extracted:
    shown = {name: clean(str(message.get(name, ""))) for name in _SHOWN}
    subject = shown.pop("Subject")
    head = "\n".join(f"{name}: {value}" for name, value in shown.items() if value)
    text = "\n\n".join(filter(None, (f"# {subject}" if subject else "", head, _body(message))))
    known = {"format": "mail"}
    if shown["From"]:
        known["author"] = shown["From"]
    with suppress(ValueError, TypeError, OverflowError, IndexError):
        known["date"] = parsedate_to_datetime(shown["Date"]).date().isoformat()
    return Extracted(text, subject, known)


def _body(message: EmailMessage) -> str:
    """The plain body, else the HTML one as text."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = data.decode(charset)
    except (LookupError, UnicodeError):
        from index.formats.plain import decode

        text = decode(data)
    if part.get_content_type() == "text/html":
        from index.formats.html import parse
        from index.formats.markup import render

        root = parse(text)
        return render(root) if root is not None else ""
    return text.replace("\r\n", "\n").replace("\0", "").strip()
