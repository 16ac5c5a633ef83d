"""The page of a gallery in a real browser."""

from __future__ import annotations

import shutil

import pictures
import pytest
import web_site
from PIL import Image
from web_pages import IN_BROWSER, PRESET

from comrec.cli.main import main

pytestmark = IN_BROWSER
SIZES = [(96, 128), (97, 300), (400, 90)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Serves a gallery of three pictures, one with a name to escape."""
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "src").mkdir()
    for i, size in enumerate(SIZES):
        picture = Image.fromarray(pictures.photo(*size))
        picture.save(folder / "src" / f"{i} 50% #a?.png")
    options = ("-p", PRESET.name, "--scale", "2", "--jpeg-quality", "40", "--quiet")
    assert main(["web", *map(str, (folder / "src", folder / "out")), *options]) == 0
    (folder / "out" / "favicon.ico").write_bytes(b"")
    with web_site.closing_all() as opened:
        opened.append(web_site.Site(folder / "out"))
        yield opened[0]


ALL = f"""
    for (const img of document.images) img.loading = "eager";
    await seen.wait({len(SIZES)});
"""


def test_every_picture_is_restored_and_nothing_is_said(site, browser):
    ran = browser.visit(
        f"{site.url}index.html",
        ALL + "return [...document.images].map((i) => i.naturalWidth)"
        '.concat(document.querySelectorAll(".before").length);',
    )
    assert [event["type"] for event in ran.seen["events"]] == 3 * ["comrec-restored"]
    assert ran.value[-1] == 3
    assert ran.console == []
    assert ran.seen["violations"] == []
    hosts = {url.split("/")[2] for url in ran.requests if url.startswith("http")}
    assert hosts == {site.url.split("/")[2]}


def test_nothing_moves_while_pictures_are_restored(site, browser):
    ran = browser.visit(f"{site.url}index.html", ALL + "await seen.sleep(200);")
    assert ran.seen["shifts"] == []


def test_the_divider_is_moved_by_keys(site, browser):
    ran = browser.visit(
        f"{site.url}index.html",
        ALL
        + """
        const ranges = [...document.querySelectorAll("input")];
        while (document.activeElement !== ranges[0]) await press("Tab");
        const ring = getComputedStyle(ranges[0]).outlineStyle;
        const before = document.querySelector(".before");
        const was = getComputedStyle(before).display;
        for (let i = 0; i < 3; i++) await press("PageUp");
        await press("ArrowRight");
        const { clipPath, display } = getComputedStyle(before);
        return {
          ring, was, display, clipPath, value: ranges[0].value,
          said: ranges[0].getAttribute("aria-valuetext"), other: ranges[1].value,
        };
        """,
    )
    value = ran.value
    assert value["ring"] == "solid"
    assert (value["was"], value["display"]) == ("none", "block")
    assert value["value"] == "31"
    assert value["said"] == "31 % JPEG, the rest restored"
    assert "69%" in value["clipPath"]
    assert value["other"] == "0"


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_a_phone_in_the_dark_and_in_the_light(scheme, site, browser):
    ran = browser.visit(
        f"{site.url}index.html",
        """
        const wide = [...document.images].map((i) => i.getBoundingClientRect());
        const { color, backgroundColor } = getComputedStyle(document.body);
        return {
          over: document.documentElement.scrollWidth - innerWidth,
          ratios: wide.map(({ width, height }) => width / height), color,
          backgroundColor,
        };
        """,
        viewport={"width": 320, "height": 640},
        device={"colorScheme": scheme},
    )
    assert ran.value["over"] <= 0
    wanted = [width / height for height, width in SIZES]
    assert ran.value["ratios"] == pytest.approx(wanted, rel=0.02)
    text, ground = (
        sum(map(int, ran.value[name][4:-1].split(",")))
        for name in ("color", "backgroundColor")
    )
    assert (text > ground + 400) if scheme == "dark" else (ground > text + 400)


def test_without_the_network_pictures_stay_and_the_page_says_so(
    site, browser, tmp_path
):
    shutil.copytree(site.folder, tmp_path / "site")
    for path in (tmp_path / "site" / "comrec").glob("*.bin"):
        path.unlink()
    with web_site.closing_all() as opened:
        opened.append(web_site.Site(tmp_path / "site"))
        ran = browser.visit(
            f"{opened[0].url}index.html",
            ALL
            + """
            const states = [...document.querySelectorAll(".state")];
            return states.filter((s) => !s.hidden).map((s) => s.textContent);
            """,
        )
    assert ran.value == 3 * ["The JPEG as it came; it was not restored here."]
    assert {event["type"] for event in ran.seen["events"]} == {"comrec-plain"}
