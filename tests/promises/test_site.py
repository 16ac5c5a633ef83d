"""The site has every command and option, and every file that its pages link to."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="needs the docs extra")

from mkdocs.exceptions import PluginError

from comrec.cli import main

HOOKS = Path(__file__).parents[2] / "docs" / "hooks"
spec = importlib.util.spec_from_file_location("site_hooks", HOOKS / "site.py")
hooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hooks)


def test_the_page_of_the_command_line_has_every_command_and_option():
    page = "\n".join(hooks.command_line(main.parser()))
    for name in main.COMMANDS:
        assert f"## comrec {name}\n" in page
    for option in (
        "--target-size BYTES",
        "-o FILE|DIR`, `--output FILE|DIR",
        "--shard I/N",
    ):
        assert f"| `{option}` |" in page
    assert "%(" not in page
    assert "| `--tune` | " in page
    assert "; one of `psnr`, `visual` |" in page


def test_files_that_pages_link_to_are_found_through_other_pages(tmp_path):
    (tmp_path / "a.md").write_text("[b](b.md#part) [c](https://x.y/c.md) [no](no.md)")
    (tmp_path / "b.md").write_text("![picture](p.png) [back](a.md)")
    (tmp_path / "p.png").write_bytes(b"")
    found = hooks.linked([tmp_path / "a.md"])
    assert sorted(path.name for path in found) == ["a.md", "b.md", "p.png"]


@pytest.mark.parametrize(
    "tag", ["<script src=https://a.b/c.js>", '<img src="//a.b/c.png">']
)
def test_a_page_that_loads_from_another_host_ends_the_build(tmp_path, tag):
    (tmp_path / "x.html").write_text("<a href='https://a.b'>a link</a>")
    hooks.on_post_build({"site_dir": tmp_path})
    (tmp_path / "y.html").write_text(tag)
    with pytest.raises(PluginError, match=r"y\.html loads .*a\.b/c"):
        hooks.on_post_build({"site_dir": tmp_path})
