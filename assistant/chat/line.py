"""The line of questions: a few at work at once, the rest waiting in order, each able to see its place."""

from __future__ import annotations

import asyncio
from contextlib import suppress

FIRST_PLACE = 0.5
NEXT_PLACE = 1.0
"""Seconds that somebody waits until a place in the line is shown, and from one place shown to the next."""


class LineFullError(Exception):
    """More questions wait than the line holds."""


class Ticket:
    """One question's place in the line."""

    __slots__ = ("called",)

    def __init__(self) -> None:
        self.called = asyncio.Event()


class Line:
    """First come, first served. To be used from one event loop.

    `at_once` questions are at work together, `longest` may wait behind them.
    """

    def __init__(self, at_once: int, longest: int) -> None:
        self._at_once = at_once
        self._longest = longest
        self._working: set[Ticket] = set()
        self._waiting: list[Ticket] = []

    @property
    def waiting(self) -> int:
        """How many questions wait."""
        return len(self._waiting)

    @property
    def working(self) -> int:
        """How many questions are at work."""
        return len(self._working)

    def join(self) -> Ticket:
        """A ticket at the end of the line; LineFullError if it holds no more."""
        ticket = Ticket()
        if len(self._working) < self._at_once:
            self._working.add(ticket)
        elif len(self._waiting) < self._longest:
            self._waiting.append(ticket)
        else:
            raise LineFullError
        return ticket

    def place(self, ticket: Ticket) -> int:
        """How many must leave before this ticket's turn comes: 0 while it is at work, 1 if it is next."""
        return 0 if ticket in self._working else self._waiting.index(ticket) + 1

    async def called(self, ticket: Ticket, patience: float) -> bool:
        """Wait until the ticket's turn has come, for so many seconds at most; whether it has."""
        if self.place(ticket):
            with suppress(TimeoutError):
                await asyncio.wait_for(ticket.called.wait(), patience)
        return self.place(ticket) == 0

    def leave(self, ticket: Ticket) -> None:
        """Give up the place, at work or waiting; those behind move up."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        self._working.discard(ticket)
        while self._waiting and len(self._working) < self._at_once:
            following = self._waiting.pop(0)
            self._working.add(following)
            following.called.set()
