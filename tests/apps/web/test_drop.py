"""A page to drop pictures on is a small static site, alone or beside a gallery."""

import json

import pytest
from gallery_page import QUICK, Page, file_of

from comrec.apps.web import drop
from comrec.errors import OutputError, UsageError
from comrec.networks import gates, presets


@pytest.fixture
def made(run, out):
    ran = run("web", "--drop", out, "--json")
    assert ran.status == 0, ran.err
    return ran.rows[-1]


def test_it_is_a_page_with_the_networks_that_pairs_may_need(made, out):
    page = Page(out / "index.html")
    for url in page.urls():
        assert file_of(out, url).is_file()
    names = {path.name for path in (out / "comrec").iterdir()}
    assert not names & {"comrec-img.js", "picture.js", "gallery.js"}
    index = json.loads((out / "comrec" / "networks.json").read_text())
    offered = [row["preset"] for row in index["networks"]]
    assert offered == ["comrec-lite-2", presets.DEFAULT]
    assert made["networks"] == sorted(offered)
    assert "comrec-base-3, comrec-lite-2 (CC BY-SA 4.0, as CID22" in page.text
    sizes = [
        path.stat().st_size
        for path in out.rglob("*")
        if path.is_file() and path.name != "comrec-web.json"
    ]
    assert made["total_bytes"] == sum(sizes) < 2_200_000


def test_it_is_as_strict_as_a_gallery(made, out):
    page = Page(out / "index.html")
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == rules["style-src"] == "'self'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    for tag, attributes in page.elements:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


def test_it_restores_as_restore_does(made, out):
    record = json.loads((out / "comrec" / "restoring.json").read_text())
    assert record["preset"] == "comrec-lite-2"
    assert record["max_pixels"] == drop.MAX_PIXELS
    measured = gates.measured("comrec-lite-2")
    assert record["gates"] == json.loads(json.dumps(measured))
    assert len(record["luma_steps"]) == 100
    assert record["presets"]["9"] == "comrec-base-3"


def test_another_network_title_and_limit_are_taken(run, out):
    options = ("-p", "comrec-base-3", "--max-pixels", "999", "--title", "A <b>")
    assert run("web", "--drop", out, *options).status == 0
    record = json.loads((out / "comrec" / "restoring.json").read_text())
    assert (record["preset"], record["max_pixels"]) == ("comrec-base-3", 999)
    assert "<h1>A &lt;b&gt;</h1>" in (out / "index.html").read_text()


def test_made_again_nothing_is_written_and_changed_files_stay(made, out):
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    drop.write(drop.DropRequest(out))
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    changed = [path.name for path in before if before[path] != after[path]]
    assert changed == ["comrec-web.json"]
    (out / "drop.css").write_text("mine")
    with pytest.raises(OutputError, match="was changed since comrec wrote it"):
        drop.write(drop.DropRequest(out))
    drop.write(drop.DropRequest(out, force=True))


def test_a_gallery_may_have_one_and_is_not_replaced_by_one(run, source, out):
    assert run("web", source, out, *QUICK, "--drop").status == 0
    assert "drop.html" in Page(out / "index.html").urls()
    for url in Page(out / "drop.html").urls():
        assert file_of(out, url).is_file()
    with pytest.raises(UsageError, match="has a gallery"):
        drop.write(drop.DropRequest(out))
    assert run("web", source, out, *QUICK).status == 0
    assert not (out / "drop.html").exists()
    assert "drop.html" not in Page(out / "index.html").urls()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("site",), "name SRC and DIR, or DIR alone with --drop"),
        (("--drop", "site", "-r"), "--recursive goes with pictures"),
        (("--drop", "site", "-q", "40"), "--quality goes with pictures"),
        (("--drop", "site", "-p", "jiang2017-gray-q50-2"), "restores no picture"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words, reason, run, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    ran = run("web", *words)
    assert ran.status == 2
    assert reason in ran.err
    assert not (tmp_path / "site").exists()
