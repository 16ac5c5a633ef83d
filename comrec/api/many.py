"""Compresses many pictures, several at a time: `comrec.compress_many`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from comrec.api.compress import Source, compress
from comrec.encoder.options import Options
from comrec.encoder.report import Compressed
from comrec.errors import ComrecError
from comrec.system import cores, memory
from comrec.system.checks import whole
from comrec.system.options import takes


@takes(Options)
def compress_many(
    sources: Iterable[Source],
    *,
    workers: int = 0,
    return_errors: bool = False,
    **options: Any,
) -> Iterator[Compressed | ComrecError]:
    """Compresses pictures, and yields the results in their order.

    No more pictures are taken from `sources`, and no more results are kept, than
    `workers` and as many again: a generator of any length needs little memory.

    Args:
      sources: pictures as `compress` takes them.
      workers: pictures at a time, in threads; 0 takes one for each core.
      return_errors: yields the ComrecError of a picture that fails in place of its
        result. Otherwise the error is raised when its turn comes, which ends the run.
      {options}

    Yields:
      A result for each picture.

    Raises:
      UsageError: an option is out of range; raised at the call.
      ComrecError: a picture fails; see `return_errors`.
    """
    at_once = whole("workers", workers, 0) or cores.available()
    if at_once > 1 and not options.get("threads"):
        options["threads"] = max(cores.available() // at_once, 1)
    Options(**options)
    memory.tune()
    return _compress_all(iter(sources), at_once, return_errors, options)


def _compress_all(
    sources: Iterator[Source],
    at_once: int,
    return_errors: bool,
    options: dict[str, Any],
) -> Iterator[Compressed | ComrecError]:
    def one(source: Source) -> Compressed | ComrecError:
        try:
            return compress(source, **options)
        except ComrecError as err:
            return err

    waiting: deque[Future[Compressed | ComrecError]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for source in sources:
                waiting.append(pool.submit(one, source))
                del source
                if len(waiting) >= 2 * at_once:
                    yield _result(waiting.popleft(), return_errors)
            while waiting:
                yield _result(waiting.popleft(), return_errors)
        finally:
            for future in waiting:
                future.cancel()


def _result(
    future: Future[Compressed | ComrecError], return_errors: bool
) -> Compressed | ComrecError:
    found = future.result()
    if isinstance(found, ComrecError) and not return_errors:
        raise found
    return found
