"""Fixtures of the tests of pages; conftest.py imports them."""

from __future__ import annotations

import shutil

import pytest
import web_site
from web_pages import BITS, CASES, DIST, POLICY, PRESET, compressed

from comrec.apps.web import export, network


@pytest.fixture(scope="session")
def cases():
    """Compresses each of CASES; returns the results by name."""
    return {name: compressed(c[0](), c[1], c[2]) for name, c in CASES.items()}


@pytest.fixture(scope="session")
def network_file():
    return network.dump(PRESET, BITS)


@pytest.fixture(scope="session")
def web_base(tmp_path_factory, network_file):
    """Makes a folder with only the script and the network."""
    folder = tmp_path_factory.mktemp("base") / "site"
    shutil.copytree(DIST, folder)
    export.put(PRESET, folder, BITS, network_file)
    (folder / "favicon.ico").write_bytes(b"")
    return folder


@pytest.fixture(scope="session")
def browser():
    with web_site.closing_all() as opened:
        opened.append(web_site.Browser())
        yield opened[0]


@pytest.fixture
def site(web_base, tmp_path):
    """Serves a copy of the folder, which a test may change."""
    folder = tmp_path / "site"
    shutil.copytree(web_base, folder)
    with web_site.closing_all() as opened:
        opened.append(web_site.Site(folder, POLICY))
        yield opened[0]
