"""`comrec bulk --pack`: trees and buckets of pairs, resumed, killed, restored."""

from __future__ import annotations

import shutil

import bulk_runs
import packing
import pytest
from bulk_runs import in_processes
from bulk_trees import files, memory_files, rows
from packing import GOLDEN

from comrec.image import source
from comrec.jpeg import lepton

pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
COUNT = 120


@pytest.fixture
def tree(tmp_path):
    """Makes a tree: a pair, a plain JPEG of its stem, a JPEG and a PNG."""
    (path, jpeg), _ = GOLDEN.items()
    folder = tmp_path / "src"
    (folder / "b").mkdir(parents=True)
    shutil.copy(jpeg, folder / "house.comrec.jpg")
    shutil.copy(path.with_name("colour-1.5.comrec.json"), folder / "house.comrec.json")
    (folder / "house.jpg").write_bytes(packing.jpeg())
    (folder / "b" / "x.JPG").write_bytes(packing.jpeg("grey"))
    (folder / "b" / "y.png").write_bytes(b"not looked at")
    return folder


def unpacked(found: dict[str, bytes]) -> dict[str, bytes]:
    """Returns files of a packed tree, by the name of their .jpg."""
    return {
        name.removesuffix(".lep"): source.open_packed(data)
        for name, data in found.items()
    }


@pytest.fixture
def pack(run, here, tree, tmp_path):
    """Returns a function: `comrec bulk --pack` of the tree, its summary."""

    def call(*words: object, to: object = tmp_path / "dst", status: int = 0):
        ran = run("bulk", tree, to, "--pack", "--json", *words)
        assert ran.status == status, ran
        return ran.rows[0]

    return call


def check(found: dict[str, bytes], tree) -> None:
    given = files(tree)
    assert unpacked(found) == {
        "house.comrec": given["house.comrec.jpg"],
        "house.comrec.json": given["house.comrec.json"],
        "house": given["house.jpg"], "b/x.JPG": given["b/x.JPG"],
    }  # fmt: skip


def test_a_tree_is_packed_once_and_restored(pack, run, tree, tmp_path):
    summary = pack()
    assert (summary["done"], summary["left_out"]) == (3, 1)
    check(files(tmp_path / "dst"), tree)
    assert pack()["skipped"] == 3
    ran = run("bulk", tmp_path / "dst", tmp_path / "back", "--decompress", "--json")
    assert (ran.status, ran.rows[0]["done"]) == (0, 1)
    assert set(files(tmp_path / "back")) == {"house.restored.png"}


def test_what_changed_is_packed_again(pack, tree, tmp_path):
    pack()
    (tree / "house.jpg").write_bytes(packing.jpeg("progressive"))
    (tmp_path / "dst" / "b" / "x.JPG.lep").unlink()
    summary = pack()
    assert (summary["done"], summary["skipped"]) == (2, 1)
    check(files(tmp_path / "dst"), tree)


def test_memory_is_a_place_as_well(pack, run, memory, tree):
    assert pack(to=memory)["done"] == 3
    check(memory_files(memory), tree)
    assert pack(to=memory)["skipped"] == 3
    ran = run("bulk", memory, "memory://back", "--decompress", "--json")
    assert (ran.status, ran.rows[0]["done"]) == (0, 1)


def test_a_pair_that_lost_its_sidecar_is_packed_with_a_note(pack, tree, tmp_path):
    (tree / "house.comrec.json").unlink()
    assert pack()["done"] == 3
    notes = [row["notes"] for row in rows(tmp_path / "dst") if "notes" in row]
    assert notes == [["its sidecar is missing or does not fit: not copied"]]


def test_what_cannot_be_packed_is_a_failure_of_its_own(pack, tree, tmp_path):
    (tree / "a.jpg").write_bytes(packing.jpeg("cmyk"))
    (tree / "c.jpg").write_bytes(b"no picture")
    assert pack(status=3)["failed"] == 2
    assert pack(status=3)["skipped"] == 3  # and the others stay done


@pytest.mark.parametrize("words", [("-q", 50), ("--exact",), ("--decompress",)])
def test_options_of_other_directions_are_refused(run, here, tree, tmp_path, words):
    ran = run("bulk", tree, tmp_path / "dst", "--pack", *words)
    assert ran.status == 2
    assert words[0].replace("-q", "--quality") in ran.err


def jpegs() -> dict[str, bytes]:
    kinds = [packing.jpeg(kind) for kind in packing.KINDS]
    return {f"{i % 3}/p{i:04d}.jpg": kinds[i % len(kinds)] for i in range(COUNT)}


@in_processes
def test_a_run_that_is_killed_loses_nothing(tmp_path):
    given = jpegs()
    src, dst = bulk_runs.fill(tmp_path / "src", given), tmp_path / "dst"
    first = bulk_runs.start(src, dst, "--pack", "-j", 2)
    kills = bulk_runs.kill_workers(first, bulk_runs.pool_workers, dst, 5, every=1)
    assert kills == 5
    bulk_runs.kill(first)
    last = bulk_runs.end(bulk_runs.start(src, dst, "--pack", "-j", 2))
    assert last["done"] + last["skipped"] == COUNT
    found = unpacked(bulk_runs.tree(dst))
    for left in bulk_runs.left(dst):  # a kill between a file's two names
        found.pop(str(left.relative_to(dst)))
    assert {f"{name}.jpg": data for name, data in found.items()} == given


@pytest.mark.slow
def test_a_bucket_is_packed_and_restored(tmp_path):
    pytest.importorskip("moto", reason="needs the dev extra")
    fsspec = pytest.importorskip("fsspec", reason="needs the bulk extra")
    pytest.importorskip("s3fs", reason="needs the bulk extra")
    import s3_server

    with s3_server.serving() as store:
        s3 = fsspec.filesystem(
            "s3", key="key", secret="x", endpoint_url=store.url,
            use_listings_cache=False, skip_instance_cache=True,
        )  # fmt: skip
        for bucket in ("pairs", "packed", "back"):
            s3.mkdir(bucket)
        env = {"AWS_ENDPOINT_URL": store.url}
        for path, jpeg in GOLDEN.items():
            stem = path.name.removesuffix(".comrec.lep")
            s3.pipe_file(f"pairs/{stem}.comrec.jpg", jpeg.read_bytes())
            sidecar = path.with_name(f"{stem}.comrec.json").read_bytes()
            s3.pipe_file(f"pairs/{stem}.comrec.json", sidecar)
        for skipped in (0, 2):
            run = bulk_runs.start(
                "s3://pairs", "s3://packed", "--pack", "-j", 1, env=env
            )
            summary = bulk_runs.end(run)
            assert (summary["done"], summary["skipped"]) == (2 - skipped, skipped)
        for path, jpeg in GOLDEN.items():
            assert (
                lepton.unpack(s3.cat_file(f"packed/{path.name}")) == jpeg.read_bytes()
            )
        run = bulk_runs.start(
            "s3://packed", "s3://back", "--decompress", "-j", 1, env=env
        )
        assert bulk_runs.end(run)["done"] == 2
