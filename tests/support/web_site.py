"""Runs a static host and a headless Chromium, for tests of comrec in pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NODE_MIN = 20  # of what drives the browser


def _is_node_new() -> bool:
    if not shutil.which("node"):
        return False
    ran = subprocess.run(["node", "--version"], capture_output=True, text=True)
    return int(ran.stdout.lstrip("v").split(".")[0] or 0) >= NODE_MIN


MISSING = [
    name
    for name, there in (
        (f"Node.js {NODE_MIN}", _is_node_new()),
        ("Chromium", CHROMIUM),
        ("playwright-core", (WEB / "node_modules" / "playwright-core").is_dir()),
    )
    if not there
]


class _Handler(SimpleHTTPRequestHandler):
    """Serves files of the site's folder, and below /src/ the sources of the script."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *rest, site: Site) -> None:
        self.site = site
        super().__init__(*rest)

    def translate_path(self, path: str) -> str:
        name = unquote(urlsplit(path).path).lstrip("/")
        folder = WEB if name.startswith("src/") else self.site.folder
        return str(folder / name)

    def guess_type(self, path: str) -> str:
        return "text/javascript" if path.endswith("js") else super().guess_type(path)

    def end_headers(self) -> None:
        if self.site.policy:
            self.send_header("Content-Security-Policy", self.site.policy)
        super().end_headers()

    def log_message(self, *rest: object) -> None:
        pass


class Site:
    """Serves a folder on a host of its own, with a content security policy."""

    def __init__(self, folder: Path, policy: str = "") -> None:
        self.folder, self.policy = folder, policy
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(_Handler, site=self)
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Browser:
    """Controls one Chromium, with a new profile for every visit."""

    def __init__(self) -> None:
        self._driver = subprocess.Popen(
            ["node", str(WEB / "test" / "driver.mjs")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"CHROMIUM": str(CHROMIUM)},
        )  # fmt: skip

    def visit(self, url: str, script: str = "", **how: object) -> SimpleNamespace:
        """Visits a page as web/test/driver.mjs documents; fails if the visit fails."""
        assert self._driver.stdin
        assert self._driver.stdout
        command = {"url": url, "script": script} | how
        self._driver.stdin.write(json.dumps(command) + "\n")
        self._driver.stdin.flush()
        answer = json.loads(self._driver.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return SimpleNamespace(**answer)

    def close(self) -> None:
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.close()
        self._driver.wait(30)
        self._driver.stdout.close()


@contextmanager
def closing_all() -> Iterator[list]:
    """Yields a list, whose items are closed at the end."""
    opened: list = []
    try:
        yield opened
    finally:
        for each in reversed(opened):
            each.close()
