"""A seal on what a language model wrote: the only words of a page's conversation that no document can prove.

The key lives as long as the process; a page that is older than the server has its written sentences left out, which is said.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

_KEY = secrets.token_bytes(32)
_CITED = ("marker", "doc_id", "start", "end", "quote")


def seal(record: Mapping[str, Any]) -> str:
    """The seal of a turn's question, words, writer and citations."""
    said = [record.get(name) for name in ("question", "text", "written_by")]
    cited = [[one.get(name) for name in _CITED] for one in record.get("citations", ()) if isinstance(one, Mapping)]
    return hmac.digest(_KEY, json.dumps([said, cited]).encode("ascii"), "sha256").hex()


def holds(record: Mapping[str, Any]) -> bool:
    """Whether the turn is as this server made it."""
    found = record.get("seal")
    return isinstance(found, str) and found.isascii() and hmac.compare_digest(found, seal(record))
