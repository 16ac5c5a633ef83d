"""Tells a listener which stage the work on one picture has reached.

The work names its stages; who listens, a terminal or nobody, it does not know. A
listener hears the stages of its own thread alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class _Work:
    tell: Callable[[str], None]
    stage: str = ""


_work: ContextVar[_Work | None] = ContextVar("work", default=None)


@contextmanager
def heard_by(listener: Callable[[str], None]) -> Iterator[None]:
    """Tells a listener the stages of the work inside the `with` block.

    Args:
      listener: takes the text of a stage, such as "round 1 of 3, 40 %"; it must be
        quick, and raise nothing.
    """
    token = _work.set(_Work(listener))
    try:
        yield
    finally:
        _work.reset(token)


def begin(stage: str) -> None:
    """Tells that a stage begins; costs next to nothing where nobody listens.

    Args:
      stage: a few words, such as "round 1 of 3".
    """
    if work := _work.get():
        work.stage = stage
        work.tell(stage)


def track(parts: Sequence[T]) -> Iterator[T]:
    """Passes parts of a stage through, and tells the share that is done."""
    work = _work.get()
    for done, part in enumerate(parts):
        if work and done:
            work.tell(f"{work.stage}, {100 * done // len(parts)} %")
        yield part
