"""Turns: a few sessions at work at once, first those who wait for an answer."""

import threading

import pytest

from ser_core.errors import SerError
from ui.server.turns import Turns


class Threads:
    """Threads that want a turn, started one after the other; `order` has their names as they get it."""

    def __init__(self, turns):
        self.turns, self.order, self.started = turns, [], []

    def start(self, name, work=lambda: None):
        def body():
            with self.turns.held():
                self.order.append(name)
                work()

        before = len(self.turns._waiting)
        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        self.started.append(thread)
        self.until(
            lambda: len(self.turns._waiting) > before or not thread.is_alive() or name in self.order
        )

    def until(self, condition):
        for _ in range(1000):
            if condition():
                return
            threading.Event().wait(0.005)
        raise AssertionError("it did not come to that")

    def end(self):
        for thread in self.started:
            thread.join(5)
            assert not thread.is_alive()


@pytest.fixture
def turns():
    return Turns(at_once=1, most_waiting=5, moment_s=0.02)


def test_who_comes_first_goes_first_and_only_one_at_a_time(turns):
    threads = Threads(turns)
    at_work = []

    def work():
        at_work.append(1)
        assert len(at_work) == 1
        at_work.pop()

    with turns.held():
        for name in "abc":
            threads.start(name, work)
        assert threads.order == []
    threads.end()
    assert threads.order == ["a", "b", "c"]


def test_two_turns_are_held_at_once():
    turns = Turns(at_once=2, most_waiting=5)
    threads = Threads(turns)
    both = threading.Barrier(2, timeout=5)
    for name in "ab":
        threads.start(name, both.wait)
    threads.end()
    assert sorted(threads.order) == ["a", "b"]


def test_who_has_an_answer_lets_those_go_first_who_wait_for_one(turns):
    threads = Threads(turns)
    with turns.held():
        threads.start("a")
        threads.start("b")
        turns.step_back()
        assert threads.order == ["a", "b"]
    threads.end()


def test_something_long_is_done_without_a_turn(turns):
    threads = Threads(turns)
    with turns.held():
        with turns.given_up():
            threads.start("a")
            threads.end()  # it did not have to wait
        threads.start("b")
        assert threads.order == ["a"]
    threads.end()


def test_an_error_gives_the_turn_back(turns):
    with pytest.raises(ZeroDivisionError), turns.held():
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), turns.held(), turns.given_up():
        raise ZeroDivisionError
    with turns.held():
        assert turns._free == 0
    assert turns._free == 1


def test_too_many_are_sent_away_and_the_others_served(turns):
    threads = Threads(turns)
    with turns.held():
        for name in "abcde":
            threads.start(name)
        with pytest.raises(SerError, match="5 others are waiting") as raised, turns.held():
            pass
        assert raised.value.code == "BUSY"
    threads.end()
    assert threads.order == list("abcde")


def test_who_waits_is_told_how_many_come_first(turns):
    threads, told = Threads(turns), []
    with turns.held():
        threads.start("first")
        waiting = threading.Thread(target=lambda: turns.held(told.append).__enter__(), daemon=True)
        waiting.start()
        threads.until(lambda: len(told) > 1)
        assert set(told) == {1}
    waiting.join(5)
    threads.end()


def test_who_gives_up_waiting_is_in_nobodys_way(turns):
    threads = Threads(turns)

    def leave(_):
        raise KeyError("another click")

    with turns.held():
        with pytest.raises(KeyError, match="another click"), turns.held(leave):
            pass
        assert turns._waiting == []
        threads.start("next")
    threads.end()
    assert threads.order == ["next"]
