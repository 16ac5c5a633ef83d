"""Functions that `comrec.system.confined` calls in tests."""

from __future__ import annotations

import os


def echo(data: bytes) -> bytes:
    return data


def pid(_: bytes) -> bytes:
    return str(os.getpid()).encode()


def fail(data: bytes) -> bytes:
    raise ValueError(f"{data.decode()}\nin two lines")


def panic(_: bytes) -> bytes:
    raise SystemExit("a panic is no Exception")


def end(_: bytes) -> bytes:
    os._exit(7)


def fill(data: bytes) -> bytes:
    return bytes(int(data))


def spin(_: bytes) -> bytes:
    while True:
        pass


def speak(data: bytes) -> bytes:
    os.write(1, b"a library says something")
    print("so does Python", flush=True)
    return data


def limits(_: bytes) -> bytes:
    import resource

    found = (resource.RLIMIT_AS, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)
    return repr([resource.getrlimit(name)[0] for name in found]).encode()
