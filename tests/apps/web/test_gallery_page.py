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
        const start = ranges[0].parentElement.innerText.split(/[ \\n]+/).join(" ");
        for (let i = 0; i < 3; i++) await press("PageUp");
        await press("ArrowRight");
        const { clipPath, display } = getComputedStyle(before);
        return {
          ring, was, display, clipPath, value: ranges[0].value,
          said: ranges[0].getAttribute("aria-valuetext"), other: ranges[1].value,
          label: ranges[0].parentElement.innerText.split(/[ \\n]+/).join(" "), start,
        };
        """,
    )
    value = ran.value
    assert value["ring"] == "solid"
    assert (value["was"], value["display"]) == ("none", "block")
    assert value["value"] == "31"
    assert value["said"] == "31 % JPEG, the rest restored"
    assert value["start"] == "JPEG from the left 0 %"
    assert value["label"] == "JPEG from the left 31 %"
    assert "69%" in value["clipPath"]
    assert value["other"] == "0"


def test_a_click_shows_the_picture_pixel_by_pixel_with_the_divider(site, browser):
    ran = browser.visit(
        f"{site.url}index.html",
        ALL
        + """
        const [, figure] = document.querySelectorAll("figure");
        figure.style.maxWidth = "100px";
        const stage = figure.querySelector(".stage"), img = stage.querySelector("img");
        await seen.until(() => stage.classList.contains("enlarges"));
        const height = document.body.scrollHeight;
        const fits = img.getBoundingClientRect().width;
        const click = async (x, y) => {
          const box = stage.getBoundingClientRect();
          const at = {
            clientX: box.left + x * box.width, clientY: box.top + y * box.height,
          };
          stage.setPointerCapture = () => {};
          stage.dispatchEvent(new PointerEvent("pointerdown", at));
          stage.dispatchEvent(new PointerEvent("pointerup", at));
        };
        await click(0.9, 0.5);
        const range = figure.querySelector("input");
        range.value = "50";
        range.dispatchEvent(new Event("input"));
        const edge = figure.querySelector(".edge").getBoundingClientRect();
        const report = {
          fits, actual: img.getBoundingClientRect().width, scrolled: stage.scrollLeft,
          edge: edge.left + edge.width / 2 - stage.getBoundingClientRect().left,
          moved: document.body.scrollHeight - height,
        };
        await click(0.5, 0.5);
        return { ...report, back: img.getBoundingClientRect().width };
        """,
    )
    value = ran.value
    assert value["fits"] == value["back"] == 100
    assert value["actual"] == 300
    assert value["scrolled"] == pytest.approx(180, abs=2), "another part"
    assert value["edge"] == pytest.approx(50, abs=1.5)
    assert value["moved"] == 0


def test_portraits_and_landscapes_of_a_row_are_equally_high(site, browser):
    ran = browser.visit(
        f"{site.url}index.html",
        """
        for (const figure of document.querySelectorAll("figure")) {
          figure.style.setProperty("--width", "2000px"); // as if it were large
          figure.style.setProperty("--height", "200px");
        }
        const boxes = [...document.querySelectorAll(".stage")].map((stage) =>
          stage.getBoundingClientRect());
        return boxes.map(({ top, height, width }) => [top, height, width]);
        """,
        viewport={"width": 1280, "height": 800},
    )
    (top, high, _), (other_top, other_high, _), *_ = ran.value
    assert top == other_top
    assert high == pytest.approx(other_high, rel=0.01)


def test_opened_from_a_disk_it_says_why_nothing_is_restored(site, browser):
    script = 'return document.getElementById("from-disk").checkVisibility();'
    page = site.folder / "index.html"
    assert browser.visit(page.as_uri(), script).value is True
    assert browser.visit(f"{site.url}index.html", script).value is False


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
