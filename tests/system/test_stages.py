"""The stages of the work on one picture, and who hears of them."""

from __future__ import annotations

import threading

from comrec.system import stages


def test_a_listener_hears_stages_and_the_share_that_is_done():
    heard: list[str] = []
    with stages.heard_by(heard.append):
        stages.begin("plain JPEG")
        stages.begin("round 1 of 2")
        assert list(stages.track("abcd")) == list("abcd")
    assert heard == [
        "plain JPEG", "round 1 of 2", "round 1 of 2, 25 %", "round 1 of 2, 50 %",
        "round 1 of 2, 75 %",
    ]  # fmt: skip


def test_nobody_hears_before_after_or_from_another_thread():
    heard: list[str] = []
    with stages.heard_by(heard.append):
        other = threading.Thread(target=stages.begin, args=["of another picture"])
        other.start()
        other.join()
    stages.begin("too late")
    assert list(stages.track([1, 2])) == [1, 2]
    assert heard == []


def test_an_inner_listener_gives_way_to_the_outer_one_again():
    outer: list[str] = []
    inner: list[str] = []
    with stages.heard_by(outer.append):
        with stages.heard_by(inner.append):
            stages.begin("inner")
        stages.begin("outer")
    assert (outer, inner) == (["outer"], ["inner"])
