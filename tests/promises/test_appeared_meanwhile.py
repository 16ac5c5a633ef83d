"""A file that another program writes while comrec works is never replaced."""

from __future__ import annotations

import pictures
import pytest

from comrec.apps.bulk.runners import InProcess
from comrec.image import writer
from comrec.system import files

USED = ("-p", "plain", "--jpeg-quality", 50)
MINE = b"saved by somebody else"


@pytest.fixture
def appears(monkeypatch):
    """Returns a function: a file appears once all checks before the work are done."""

    def call(path, where: str, content: bytes = MINE) -> None:
        module, _, name = where.rpartition(".")
        work = getattr(__import__(module, fromlist=[name]), name)

        def during(*arguments, **options):
            path.write_bytes(content)
            return work(*arguments, **options)

        monkeypatch.setattr(where, during)

    return call


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(pictures.photo_file(".png"))
    return path


@pytest.mark.parametrize("name", ["photo.comrec.jpg", "photo.comrec.json"])
@pytest.mark.parametrize("options", [(), ("-f",), ("--skip-existing",)])
def test_compress_replaces_no_file_that_appeared(run, photo, appears, name, options):
    path = photo.with_name(name.replace("comrec.jpg", "jpg"))
    appears(path, "comrec.cli.files.compress_picture")
    output = ("-o", photo.with_name("photo.jpg"))
    ran = run("compress", photo, *output, *USED, *options)
    assert ran.status == 1
    assert f"{path}: exists" in ran.err
    assert path.read_bytes() == MINE
    assert {p.name for p in photo.parent.iterdir()} == {photo.name, path.name}


def test_a_file_that_appears_at_the_last_moment_is_not_replaced(
    run, photo, monkeypatch
):
    path, rename = photo.with_name("photo.comrec.jpg"), files._rename_new

    def late(temporary, name):
        path.write_bytes(MINE)
        rename(temporary, name)

    monkeypatch.setattr(files, "_rename_new", late)
    ran = run("compress", photo, *USED)
    assert ran.status == 1
    assert "exists, since another program wrote it meanwhile" in ran.err
    assert path.read_bytes() == MINE
    assert not photo.with_name("photo.comrec.json").exists()


@pytest.mark.parametrize("options", [(), ("-f",)])
def test_decompress_replaces_no_file_that_appeared(run, pair, appears, options):
    path = pair[0].with_name("photo.restored.png")
    appears(path, "comrec.cli.files.restore")
    ran = run("decompress", pair[0], *options)
    assert ran.status == 1
    assert path.read_bytes() == MINE


def test_a_pair_that_another_comrec_made_meanwhile_is_skipped(
    run, photo, appears, tmp_path
):
    assert run("compress", photo, *USED).status == 0
    made = photo.with_name("photo.comrec.jpg")
    content = made.read_bytes()
    made.unlink()
    appears(made, "comrec.cli.files.compress_picture", content)
    ran = run("compress", photo, *USED, "--skip-existing", "--json")
    assert (ran.status, ran.rows[0]["outcome"]) == (0, "skipped")


def test_a_restored_picture_of_bulk_replaces_no_file_that_appeared(
    run, pair, tmp_path, monkeypatch
):
    source, back = tmp_path / "src", tmp_path / "back"
    source.mkdir()
    for path in pair:
        path.rename(source / path.name)
    write = writer.write

    def during(*arguments):
        (back / "photo.restored.png").write_bytes(MINE)
        return write(*arguments)

    monkeypatch.setattr("comrec.apps.bulk.command.Pool", lambda _: InProcess())
    monkeypatch.setattr(writer, "write", during)
    assert run("bulk", source, back, "--decompress").status == 3
    assert (back / "photo.restored.png").read_bytes() == MINE
