"""Reads the page of a gallery, and finds the files that it names."""

from __future__ import annotations

import os
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

QUICK = ("--scale", "2", "--jpeg-quality", "40")  # no search


class Page(HTMLParser):
    """Holds the elements of a page: (tag, attributes) in order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = path.read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    def urls(self) -> list[str]:
        named = [e.get(n) for _, e in self.elements for n in ("src", "href")]
        return [url for url in named if url is not None]


def file_of(folder: Path, url: str) -> Path:
    """Returns the file that a static host serves for a relative URL."""
    parts = urlsplit(url)
    assert parts.path == url, "nothing but a path"
    return folder / os.fsdecode(unquote_to_bytes(parts.path))
