"""The scripts that `comrec web` hands out are the sources', and small."""

from __future__ import annotations

import gzip
import json
import subprocess

import pytest
import web_site

DIST = web_site.ROOT / "comrec" / "apps" / "web" / "dist"
DOWNLOAD_BYTES_MAX = 10**6
BUILT = (web_site.WEB / "node_modules" / "esbuild").is_dir()
needs_node = pytest.mark.skipif(not BUILT, reason="missing: npm ci in web/")


def node(*arguments: str) -> None:
    result = subprocess.run(
        ["node", *arguments], cwd=web_site.WEB, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_script_runtime_and_wasm_are_under_a_megabyte():
    # WebGPU's chunk as well, though no page needs both.
    names = [path for path in DIST.iterdir() if path.suffix in (".js", ".wasm")]
    sizes = [len(gzip.compress(path.read_bytes())) for path in names]
    assert len(sizes) >= 3
    assert sum(sizes) <= DOWNLOAD_BYTES_MAX


@pytest.mark.parametrize("folder", ["", "bench"])
def test_lock_files_name_no_host(folder):
    lock = (web_site.WEB / folder / "package-lock.json").read_text()
    assert json.loads(lock)["lockfileVersion"] == 3
    assert '"resolved"' not in lock


@needs_node
@pytest.mark.slow
def test_what_is_handed_out_is_what_the_sources_build(tmp_path):
    node("build.mjs", str(tmp_path / "dist"))
    built = {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}
    there = {path.name: path.read_bytes() for path in DIST.iterdir()}
    assert sorted(built) == sorted(there)
    assert [name for name in built if built[name] != there[name]] == []


@needs_node
@pytest.mark.slow
def test_the_scripts_pass_their_own_tests():
    node("--test", *map(str, sorted((web_site.WEB / "test").glob("*.test.mjs"))))


@pytest.mark.skipif(bool(web_site.MISSING), reason=f"missing: {web_site.MISSING}")
@pytest.mark.slow
def test_networks_run_on_what_the_browser_has():
    node("--test", "test/backend.browser.mjs")
