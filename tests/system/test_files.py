"""Files: written whole, read within a limit, cleared of what killed writers left."""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
import time

import pytest
from killed_writer import killed, writer

from comrec.errors import OutputError
from comrec.system import files

needs_locks = pytest.mark.skipif(files.fcntl is None, reason="files have no locks")


def test_write_makes_the_folders_it_needs(tmp_path):
    files.write(tmp_path / "a" / "b" / "x.png", b"data")
    assert (tmp_path / "a" / "b" / "x.png").read_bytes() == b"data"


def test_a_name_as_long_as_a_name_can_be_is_written(tmp_path):
    for name in ("n" * 251 + ".png", "図" * 83 + ".png"):
        files.write(tmp_path / name, b"data")
        assert (tmp_path / name).read_bytes() == b"data"


def test_a_renamed_file_is_safe_on_disk_with_its_folder(tmp_path, monkeypatch):
    steps = []
    for name in ("replace", "fsync"):
        real = getattr(os, name)

        def step(*args, name=name, real=real):
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode)
            steps.append("folder" if is_folder else name)
            return real(*args)

        monkeypatch.setattr(os, name, step)
    files.write(tmp_path / "x", b"data")
    assert steps == ["fsync", "replace", "folder"]


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"x: cannot be written \(the disk is full\)"):
        files.write(tmp_path / "x", b"data")
    assert not list(tmp_path.iterdir())


@needs_locks
@pytest.mark.parametrize("kind", ["unnamed", "named"])
@pytest.mark.parametrize("name", ["x.jpg", "n" * 251 + ".png", "図" * 83 + ".png"])
def test_what_a_killed_writer_left_is_removed_whatever_the_clock_says(
    tmp_path, kind, name
):
    left = killed(tmp_path / name, kind)
    os.utime(left, (4_102_444_800,) * 2)  # of the year 2100
    assert left.read_bytes() == b"whole"
    assert files.sweep(tmp_path, files.temporary_prefix(name)) == 1
    assert not list(tmp_path.iterdir())


@needs_locks
@pytest.mark.parametrize("kind", ["unnamed", "named"])
def test_what_a_living_writer_has_is_left_to_it(tmp_path, kind):
    path = tmp_path / "x.jpg"
    with writer(path, kind, "lives") as process:
        (temporary,) = tmp_path.iterdir()
        os.utime(temporary, (0, 0))  # as old as can be
        assert files.sweep(tmp_path) == 0
        process.communicate()
        assert process.returncode == 0
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"whole"


@needs_locks
def test_what_no_writer_can_have_left_stays(tmp_path):
    original = tmp_path / "photo.png"
    original.write_bytes(b"original")
    for name in (
        ".x.jpg.0123abcd.tmp", "x.jpg.0123abcd.comrec.tmp", ".x.jpg.comrec.tmp",
        ".x.jpg.0123ABCD.comrec.tmp", ".x.jpg.0123abcd.comrec.tmp~",
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"of somebody else")
    (tmp_path / ".a.jpg.0123abcd.comrec.tmp").mkdir()
    (tmp_path / ".b.jpg.0123abcd.comrec.tmp").symlink_to(original)
    (tmp_path / ".c.jpg.0123abcd.comrec.tmp").touch()  # its writer may just have begun
    os.mkfifo(tmp_path / ".d.jpg.0123abcd.comrec.tmp")
    before = sorted(tmp_path.iterdir())
    assert files.sweep(tmp_path) == 0
    assert sorted(tmp_path.iterdir()) == before
    assert original.read_bytes() == b"original"


@needs_locks
def test_only_the_files_asked_for_are_removed(tmp_path):
    left = killed(tmp_path / "x.jpg")
    assert files.sweep(tmp_path, files.temporary_prefix("y.jpg")) == 0
    assert files.sweep(tmp_path / "no folder") == 0
    assert left.exists()


@needs_locks
def test_without_locks_files_are_written_and_nothing_is_removed(tmp_path, monkeypatch):
    left = killed(tmp_path / "x.jpg")
    monkeypatch.setattr(files, "fcntl", None)
    files.write(tmp_path / "y.jpg", b"data")
    assert files.sweep(tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == {left.name, "y.jpg"}


@needs_locks
def test_a_locked_folder_is_waited_for_but_not_for_ever(tmp_path, monkeypatch):
    steps = []

    def second() -> None:
        with files.lock_folder(tmp_path):
            steps.append("second")

    thread = threading.Thread(target=second)
    with files.lock_folder(tmp_path):
        thread.start()
        time.sleep(0.1)
        steps.append("first")
    thread.join(10)
    assert steps == ["first", "second"]
    monkeypatch.setattr(files, "LOCK_WAIT_S", 0.04)
    with files.lock_folder(tmp_path), files.lock_folder(tmp_path):
        pass


def test_a_folder_that_is_not_there_is_no_error(tmp_path):
    with files.lock_folder(tmp_path / "none"):
        pass


# Reading


def test_a_file_of_the_legal_size_is_read_whole_and_a_larger_one_is_refused(tmp_path):
    path = tmp_path / "x"
    for size in (0, 1, 9):
        path.write_bytes(bytes(range(size)))
        assert files.read(path, size) == bytes(range(size))
    with pytest.raises(files.TooLargeError, match="larger than 8 bytes"):
        files.read(path, 8)


class Counting(io.BytesIO):
    """A stream that gives at most 3 bytes at a time, as pipes do."""

    def read(self, size: int | None = -1) -> bytes:
        assert size
        return super().read(min(size, 3))


@pytest.mark.parametrize("expected_bytes", [0, 5, 10])
def test_a_stream_is_read_to_its_end_but_one_byte_beyond_the_limit_at_most(
    expected_bytes,
):
    assert files.read_bounded(Counting(bytes(10)), 10, expected_bytes) == bytes(10)
    endless = Counting(bytes(1000))
    with pytest.raises(files.TooLargeError):
        files.read_bounded(endless, 10)
    assert endless.tell() == 11


def test_a_file_known_to_be_larger_is_not_read_at_all():
    stream = Counting(bytes(1000))
    with pytest.raises(files.TooLargeError):
        files.read_bounded(stream, 10, expected_bytes=1000)
    assert stream.tell() == 0


def test_folders_devices_and_unwanted_pipes_are_refused_without_a_wait(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, code in (
        (tmp_path, errno.EISDIR), (os.devnull, errno.EINVAL),
        (tmp_path / "pipe", errno.EINVAL), (tmp_path / "none", errno.ENOENT),
    ):  # fmt: skip
        with pytest.raises(OSError) as err:  # noqa: PT011
            files.read(path, 10, pipes=False)
        assert err.value.errno == code


def test_a_pipe_is_read_where_pipes_are_legal(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=path.write_bytes, args=(b"data",))
    thread.start()
    assert files.read(path, 10) == b"data"
    thread.join(10)


def test_two_names_of_one_file_have_one_identity(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = files.Path("x")
    here.touch()
    os.link("x", "hard")
    os.symlink("x", "soft")
    os.symlink("none", "lost")
    same = [here, tmp_path / "x", files.Path("hard"), files.Path("soft")]
    assert len({files.file_identity(path) for path in same}) == 1
    (tmp_path / "y").touch()
    assert files.file_identity(tmp_path / "y") != files.file_identity(here)
    for name in ("none", "lost"):  # no file yet: by the name that it would have
        assert files.file_identity(files.Path(name)) == str(tmp_path / "none")


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_is_there_is_not_replaced_unless_it_may_be(
    tmp_path, monkeypatch, has_links
):
    if not has_links:
        monkeypatch.setattr(os, "link", _no_links)
        monkeypatch.setattr(files, "_open_unnamed", lambda _: None)
    path = tmp_path / "x.jpg"
    files.write(path, b"new", replace=False)
    assert path.read_bytes() == b"new"
    with pytest.raises(OutputError, match="exists, since another program wrote it"):
        files.write(path, b"other", replace=False)
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x.jpg"]


def _no_links(*_, **__):
    raise OSError(95, "Operation not supported")
