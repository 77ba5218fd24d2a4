"""Who of many sessions is at work: a few at once, so that none slows all the others down, and first
those who wait for an answer.
"""

from __future__ import annotations

import heapq
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ser_core.errors import ErrorCode, SerError

ANSWER, AFTERWARDS = 0, 1
"""How urgent a turn is: somebody waits for the answer, or has it and waits for what comes with it."""


class Turns:
    """At most `at_once` threads have a turn.

    The others wait, the more urgent first, else in the order of coming.

    More than `most_waiting` are sent away; in `moment_s` seconds nobody needs to be told that they
    wait.
    """

    def __init__(self, at_once: int, most_waiting: int, moment_s: float = 0.7) -> None:
        self._free, self._most_waiting, self._moment_s = at_once, most_waiting, moment_s
        self._waiting: list[tuple[int, int]] = []
        self._tickets = itertools.count()
        self._changed = threading.Condition()

    @contextmanager
    def held(self, tell: Callable[[int], None] = lambda _: None) -> Iterator[None]:
        """Have a turn for the body. Who waits longer than a moment for it is `told`, again
        and again, how many are before them.

        Raises
        ------
        SerError
            BUSY where too many wait already.
        """
        with self._changed:
            if len(self._waiting) >= self._most_waiting:
                message = f"The server is busy: {len(self._waiting)} others are waiting."
                raise SerError(ErrorCode.BUSY, message, "Try again in a moment.")
        self._take(ANSWER, tell)
        try:
            yield
        finally:
            self._give()

    def step_back(self) -> None:
        """Within `held`: let those go first who wait for an answer, then go on."""
        self._give()
        self._take(AFTERWARDS)

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Within `held`: do something that takes long in the body, without a turn."""
        self._give()
        try:
            yield
        finally:
            self._take(AFTERWARDS)

    def _take(self, urgency: int, tell: Callable[[int], None] = lambda _: None) -> None:
        with self._changed:
            ticket = urgency, next(self._tickets)
            heapq.heappush(self._waiting, ticket)
        try:
            while (before := self._others_before(ticket)) is not None:
                tell(before)  # which may raise: the session wants something else by now
        except BaseException:
            with self._changed:
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
            raise

    def _others_before(self, ticket: tuple[int, int]) -> int | None:
        """Wait a moment for the turn: None when it is there, else how many others wait that come first."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._free > 0 and self._waiting[0] == ticket, self._moment_s
            ):
                return sum(other < ticket for other in self._waiting)
            heapq.heappop(self._waiting)
            self._free -= 1
            self._changed.notify_all()  # there may be another turn for the next one
            return None

    def _give(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()


turns = Turns(at_once=os.cpu_count() or 1, most_waiting=200)
"""Those of this server, for all pages."""
