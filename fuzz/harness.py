"""Runs one coverage-guided fuzzer: `python fuzz/harness.py TARGET FOLDER [options]`.

The folder gets the seeds, and inputs that reach new code; the options are libFuzzer's.
The fuzzer ends at the first input that fails, and writes it to a file; the path of that
file in place of FOLDER runs the input again.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["comrec"]):
    import packed
    import reading
    import trials


def pairs(target: str) -> list[trials.Pair]:
    """Returns the valid pairs of a target."""
    return trials.golden("comrec-lite-2/*") if target == "pair-lite" else trials.small()


def checks(target: str) -> Callable[[bytes], str]:
    """Returns the function that checks one input of a target."""
    one = {
        "sidecar": trials.parse_sidecar,
        "container": trials.open_container,
        "crae": trials.parse_crae,
        "reader": reading.read,
        "packed": packed.unpack,
    }
    if target in one:
        return one[target]
    known = pairs(target)
    return lambda data: trials.restore(*trials.split(data), known)


def seeds(target: str) -> list[bytes]:
    """Returns valid inputs of a target."""
    if target == "crae":
        return [path.read_bytes() for path in sorted(trials.CRAE.glob("*.crae"))]
    if target == "reader":
        return list(reading.seeds().values())
    if target == "sidecar":
        return [pair.beside for pair in pairs(target) if pair.beside]
    if target == "packed":
        return packed.seeds()
    if target == "container":
        return [pair.jpeg for pair in pairs(target)]
    return [trials.join(pair.jpeg, pair.beside) for pair in pairs(target)]


def main() -> None:
    _, target, folder, *options = sys.argv
    with trials.fake_pair.installed():
        if Path(folder).is_dir():
            for seed in seeds(target):
                name = hashlib.sha1(seed).hexdigest()
                Path(folder, name).write_bytes(seed)
        check = checks(target)

        def one_input(data: bytes) -> None:
            check(data)

        atheris.Setup([sys.argv[0], folder, *options], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
