"""`comrec compare`: equal bytes, one page, no network; looked at in a real browser."""

from __future__ import annotations

import dataclasses
import io
import itertools
import re
import shutil
from pathlib import Path

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.apps import compare
from comrec.apps.compare import chart, curves, measure, page
from comrec.apps.evaluate import Peer, PeerError, rivals
from comrec.encoder.options import Options
from comrec.errors import OutputError
from comrec.image.metrics import psnr_db
from comrec.image.picture import Picture
from comrec.jpeg import coding

SIDES = (176, 208)
NAME = 'a "picture" <b>&amp;.png'


@pytest.fixture(scope="module")
def photo() -> Picture:
    return Picture(pictures.photo(*SIDES))


@pytest.fixture(scope="module")
def made(photo) -> measure.Comparison:
    asked = Options(quality=10)
    return measure.compare(photo, NAME, asked, ["webp"], points=3)


@pytest.fixture(scope="module")
def path(made, tmp_path_factory) -> Path:
    report = compare.Report(tmp_path_factory.mktemp("page") / "page.html", force=False)
    report.add(made)
    report.add(made)
    report.write()
    return report.path


# Equal bytes


def test_nothing_has_more_bytes_than_comrec(made):
    labels = [shown.label for shown in made.shown]
    assert labels == ["original", "plain JPEG", "comrec", "webp"]
    budget_bytes = made.shown[2].rate_bytes
    for shown in made.shown[1:]:
        assert 0.7 * budget_bytes < shown.rate_bytes <= budget_bytes
        assert shown.psnr_db == psnr_db(made.shown[0].pixels, shown.pixels)


def test_plain_jpeg_is_the_best_that_fits(made):
    image = made.shown[0].pixels
    sizes = [len(coding.encode(image, q)) for q in range(1, 101)]
    fitting = [n for n in sizes if n <= made.shown[2].rate_bytes]
    assert made.shown[1].rate_bytes == max(fitting)


def stub(grid: tuple[float, ...]) -> Peer:
    """A codec of 10 bytes a setting."""
    return Peer(
        "stub", "", grid, lambda _, s: (bytes(round(10 * s)),), lambda f: np.zeros(1)
    )


@pytest.mark.parametrize("budget_bytes", [30, 37, 95, 300, 305, 999, 1000, 2000])
def test_settings_between_those_of_the_grid_are_found(budget_bytes):
    image = np.zeros((160, 160, 3), np.uint8)
    setting, files = measure.within(stub((3, 10, 30)), image, budget_bytes)
    assert setting == min(budget_bytes // 10, 99)
    assert len(files[0]) == 10 * setting
    setting, files = measure.within(stub((3.0, 10.0, 30.0)), image, budget_bytes)
    assert 0.95 * min(budget_bytes, 1100) <= len(files[0]) <= budget_bytes


def test_a_codec_that_does_not_fit_is_none():
    assert measure.within(stub((3, 9)), np.zeros((4, 4, 3), np.uint8), 29) is None


def test_crops_are_where_the_two_differ_most():
    image = np.zeros((480, 640, 3), np.uint8)
    theirs, ours = image.copy(), image.copy()
    theirs[160:200, 320:360] = 90  # comrec wins by most
    ours[330:340, 10:30] = 50  # and loses here
    crops = measure.worst(image, theirs, ours)
    assert (crops[0].y0, crops[0].x0) == (160, 320)
    assert (crops[-1].y0, crops[-1].x0) == (320, 0)
    assert len(crops) == measure.CROPS


def test_curves_rise_and_large_pictures_have_none(made, monkeypatch):
    assert list(made.curves) == ["plain JPEG", "webp", "comrec"]
    for curve in made.curves.values():
        assert len(curve) >= 2
        assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(curve))
    monkeypatch.setattr(curves, "MOST_PX", 10)
    assert curves.measured({}, made.shown[0].pixels, Options(), None) == {}


def test_labels_of_a_chart_do_not_cover_each_other():
    points = {f"codec {i}": [(0.1, 30 + i / 50), (1, 40 + i / 50)] for i in range(9)}
    drawn = chart.chart(points, {"codec 1": (0.3, 33)})
    places = sorted(float(y) for y in re.findall(r'y="([\d.]+)">codec', drawn))
    assert len(places) == 9
    assert all(b - a >= chart.LINE_HEIGHT for a, b in itertools.pairwise(places))
    assert chart.chart({"codec": [(0.1, 30.0)]}, {}) == ""


# The page


def test_the_page_needs_nothing_else(path):
    text = path.read_text()
    assert "default-src 'none'" in text
    for found in re.findall(r"""(?:src|href)=["']?([^"'\s>]+)""", text):
        assert found.startswith("data:image/"), found[:60]
    assert "http://" not in text
    assert "https://" not in text


def test_names_are_text_and_not_markup(path):
    text = path.read_text()
    assert "<b>" not in text
    assert "a &quot;picture&quot; &lt;b&gt;&amp;amp;.png" in text


@pytest.mark.parametrize("name", ["caf\udce9.png", "$css </script>'\".png"])
def test_any_name_makes_a_page(made, tmp_path, name):
    report = compare.Report(tmp_path / "page.html", force=False)
    report.add(dataclasses.replace(made, name=name))
    report.write()
    text = report.path.read_text()
    assert text.count("</script>") == 2  # its own two


def test_a_picture_that_no_plain_jpeg_fits_is_shown_without_one(photo, tmp_path):
    asked = Options(jpeg_quality=1, scale=2)
    made = measure.compare(photo, "x", asked, points=2)
    assert [shown.label for shown in made.shown] == ["original", "comrec"]
    assert any("plain JPEG does not fit" in note for note in made.notes)
    assert made.crops == ()
    report = compare.Report(tmp_path / "page.html", force=False)
    report.add(made)
    report.write()
    text = report.path.read_text()
    assert "differ most" not in text
    assert "<option selected>original</option>" in text


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 17, 1), (9, 9, 3)])
def test_the_smallest_pictures_are_compared(shape, tmp_path):
    pixels = np.full(shape, 90, np.uint8)
    made = measure.compare(Picture(pixels), "x", Options(quality=50), ["webp"])
    report = compare.Report(tmp_path / "page.html", force=False)
    report.add(made)
    report.write()
    assert "∞" in report.path.read_text()


def test_a_codec_that_fails_is_a_note_and_not_the_end(photo, monkeypatch):
    def failing(name: str) -> Peer:
        def encode(pixels: np.ndarray, setting: float) -> tuple[bytes, ...]:
            raise ValueError("Image size exceeds the limit")

        return Peer(name, "", (1, 2), encode, lambda files: np.zeros(1))

    monkeypatch.setitem(rivals.MAKERS, "jxl", failing)
    made = measure.compare(photo, "x", Options(quality=10), ["jxl"], points=0)
    assert any("jxl does not take this picture" in note for note in made.notes)


def test_what_is_not_shown_is_said():
    array = pictures.with_alpha(pictures.photo(*SIDES))
    picture = Picture(array[..., :3].copy(), array[..., 3].copy(), notes=("16 bits",))
    made = measure.compare(picture, "x", Options(quality=10), points=0)
    assert "16 bits" in made.notes
    assert any("Transparency" in note for note in made.notes)


def test_a_page_that_came_meanwhile_is_not_replaced(made, tmp_path):
    report = compare.Report(tmp_path / "page.html", force=False)
    report.add(made)
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        report.write()
    assert (tmp_path / "page.html").read_text() == "mine"


def test_a_codec_named_twice_is_compared_once():
    asked = compare.CompareRequest(Options(), ["webp", "jpeg-smaller", "webp"])
    assert asked.others == ("webp",)


def test_comrec_has_its_own_colour_whatever_else_is_drawn(made):
    drawn = chart.chart(made.curves, {})
    assert drawn.count('<g class="own">') == 1
    assert drawn.index('class="own"') < drawn.index(">comrec</text>")


def test_pixels_come_back_as_they_are(made):
    for pixels in (made.shown[2].pixels, made.shown[2].pixels[..., :1].copy()):
        import base64

        data = base64.b64decode(page.data_url(pixels).split(",")[1])
        with Image.open(io.BytesIO(data)) as picture:
            back = np.asarray(picture.convert("RGB"))
        np.testing.assert_array_equal(back, np.broadcast_to(pixels, back.shape))


def test_only_a_page_of_comrecs_own_is_replaced(path, tmp_path, run):
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.photo_file(".png"))
    target = tmp_path / "page.html"
    target.write_text("<!doctype html><p>mine</p>")
    for more in ([], ["-f"]):
        ran = run("compare", photo, "--report", target, "--points", 0, *more)
        assert ran.status == 1
        assert f"{target}: exists" in ran.err
    assert "mine" in target.read_text()
    shutil.copy(path, target)
    ran = run("compare", photo, "--report", target, "--points", 0, "-f", "-q", 10)
    assert ran.status == 0, ran.err
    assert "photo.png" in target.read_text()


# The command


def test_a_picture_that_cannot_be_read_does_not_keep_the_others(run, tmp_path):
    photo, broken = tmp_path / "photo.png", tmp_path / "broken.png"
    photo.write_bytes(pictures.photo_file(".png"))
    broken.write_bytes(b"no picture")
    report = tmp_path / "page.html"
    ran = run("compare", broken, photo, tmp_path / "none.png", "--json", "-q", 10,
              "--report", report)  # fmt: skip
    assert ran.status == 1
    assert [row["input"] for row in ran.rows] == [
        str(path) for path in (broken, photo, tmp_path / "none.png")
    ]
    assert [row.get("outcome") for row in ran.rows] == ["failed", None, "failed"]
    assert {codec["codec"] for codec in ran.rows[1]["codecs"]} >= {"comrec"}
    lines = ran.err.splitlines()
    assert [str(p) in line for p, line in zip(
        (broken, tmp_path / "none.png"), lines, strict=True
    )] == [True, True]  # fmt: skip
    assert report.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--codecs", "gif"], "no codec is called 'gif'"),
        (["--points", "1000"], "must be a whole number from 0 to 100"),
        (["--points", "1"], "a curve has 2 points or more"),
        (["--report", "page.txt"], "a page ends in .html"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(run, tmp_path, options, said):
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.photo_file(".png"))
    ran = run("compare", photo, *options)
    assert ran.status in (1, 2)
    assert said in ran.err
    assert ran.out == b""


def test_a_codec_that_is_not_installed_is_left_out_by_name(photo, monkeypatch):
    def absent(name: str) -> Peer:
        raise PeerError(f"{name} (no such library)")

    monkeypatch.setitem(rivals.MAKERS, "jxl", absent)
    made = measure.compare(photo, "x", Options(quality=10), ["jxl"], points=0)
    assert any("Left out: jxl (no such library)" in note for note in made.notes)


# In a browser


@pytest.fixture(scope="module")
def browser():
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not (driver and chromium):
        pytest.skip("Chromium and its driver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "no-first-run", "hide-scrollbars",
        "disable-background-networking", "disable-component-update", "disable-sync",
        "disable-quic", "force-device-scale-factor=1", "force-color-profile=srgb",
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    service = webdriver.ChromeService(driver)
    with webdriver.Chrome(options=options, service=service) as opened:
        yield opened


@pytest.fixture
def opened(browser, path):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.set_window_size(1100, 900)
    browser.get(path.as_uri())
    return browser


def one(browser, selector: str):
    return browser.find_element("css selector", selector)


def divider(browser) -> float:
    return float(one(browser, ".handle").get_attribute("aria-valuenow"))


def zoom(browser) -> float:
    return float(one(browser, ".stage").get_attribute("data-zoom"))


def seen(browser, selector: str) -> np.ndarray:
    data = one(browser, selector).screenshot_as_png
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


@pytest.mark.slow
def test_dragging_moves_the_divider_and_the_picture(opened):
    from selenium.webdriver import ActionChains

    assert divider(opened) == 50
    ActionChains(opened).drag_and_drop_by_offset(
        one(opened, ".handle"), 120, 0
    ).perform()
    width = one(opened, ".stage").size["width"]
    assert divider(opened) == pytest.approx(50 + 100 * 120 / width, abs=1.5)
    one(opened, "button.actual").click()
    stage = one(opened, ".stage")
    before = float(stage.get_attribute("data-x"))
    one(opened, "button.in").click()
    for _ in range(9):
        one(opened, "button.in").click()
    before = float(stage.get_attribute("data-x"))
    drag = ActionChains(opened).move_to_element_with_offset(stage, -200, 100)
    drag.click_and_hold().move_by_offset(40, 0).release().perform()
    assert float(stage.get_attribute("data-x")) == pytest.approx(before + 40, abs=1)


@pytest.mark.slow
def test_the_wheel_zooms_where_it_points(opened):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    stage, before = one(opened, ".stage"), zoom(opened)
    origin = ScrollOrigin.from_element(stage, 60, 20)
    ActionChains(opened).scroll_from_origin(origin, 0, -400).perform()
    assert zoom(opened) > 1.4 * before


@pytest.mark.slow
def test_everything_can_be_done_from_the_keyboard(opened):
    from selenium.webdriver import Keys

    handle, stage = one(opened, ".handle"), one(opened, ".stage")
    handle.send_keys(Keys.ARROW_RIGHT)
    assert divider(opened) == 51
    handle.send_keys(Keys.HOME)
    assert divider(opened) == 0
    stage.send_keys("f")
    assert divider(opened) == 100
    before = zoom(opened)
    stage.send_keys("++")
    assert zoom(opened) == pytest.approx(before * 1.25**2, rel=1e-3)
    stage.send_keys("1")
    assert zoom(opened) == 1
    stage.send_keys("0")
    assert zoom(opened) == pytest.approx(before, rel=1e-3)
    stage.send_keys("d")
    assert "difference" in stage.get_attribute("class")
    assert one(opened, "button.difference").get_attribute("aria-pressed") == "true"
    tags = [
        one(opened, f".tag.{side}").get_attribute("textContent")
        for side in ("left", "right")
    ]
    stage.send_keys("ds")
    swapped = [
        one(opened, f".tag.{side}").get_attribute("textContent")
        for side in ("left", "right")
    ]
    assert swapped == tags[::-1]


@pytest.mark.slow
def test_the_tab_key_reaches_every_control_and_each_has_a_name(opened):
    from selenium.webdriver import ActionChains, Keys

    names = []
    for _ in range(16):
        ActionChains(opened).send_keys(Keys.TAB).perform()
        names.append(opened.switch_to.active_element.accessible_name)
    assert all(names[:14])
    assert {"left", "right", "flip", "zoom in", "divider"} <= set(names)
    assert any("comrec: show the part at" in name for name in names)
    handle = one(opened, ".handle")
    assert handle.aria_role == "slider"
    assert "plain JPEG" in handle.get_attribute("aria-valuetext")


@pytest.mark.slow
def test_the_screen_shows_the_pixels_themselves(opened, made):
    one(opened, ".stage").send_keys("1")
    x, y = map(round, opened.execute_script("""
        const at = (name) => document.querySelector(name).getBoundingClientRect();
        const image = at('.layer.right img'), stage = at('.stage');
        return [image.x - Math.floor(stage.x), image.y - Math.floor(stage.y)];
    """))  # fmt: skip
    shot = seen(opened, ".stage")
    plain, own = (made.shown[i].pixels.astype(int) for i in (1, 2))
    middle = shot.shape[1] // 2 - x
    inner = slice(60, SIDES[0] - 60)  # clear of tags and of the handle's grip
    for image, columns in (
        (plain, slice(4, middle - 30)),
        (own, slice(middle + 30, -4)),
    ):
        wide = np.arange(SIDES[1])[columns]
        there = shot[y + 60 : y + SIDES[0] - 60, x + wide[0] : x + wide[-1] + 1]
        assert np.abs(there - image[inner, columns]).max() <= 2
    assert np.abs(plain - own).mean() > 2  # else either could stand for the other


@pytest.mark.slow
def test_the_difference_of_a_picture_with_itself_is_black(opened):
    from selenium.webdriver.support.ui import Select

    Select(one(opened, "select.left")).select_by_visible_text("comrec")
    one(opened, ".stage").send_keys("d")
    assert seen(opened, ".stage")[80:-20].max() == 0
    Select(one(opened, "select.left")).select_by_visible_text("plain JPEG")
    assert seen(opened, ".stage")[80:-20].max() > 40


@pytest.mark.slow
def test_a_crop_leads_to_its_place(opened, made):
    one(opened, ".crops button").click()
    stage, window = one(opened, ".stage"), made.crops[0]
    scale = zoom(opened)
    assert scale > 2
    for axis, ends, room in (
        ("x", (window.x0, window.x1), stage.size["width"]),
        ("y", (window.y0, window.y1), stage.size["height"]),
    ):
        start = float(stage.get_attribute(f"data-{axis}"))
        assert start + scale * ends[0] >= 0
        assert start + scale * ends[1] <= room + 1


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_is_wider_than_the_screen(opened, width):
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    wide = opened.execute_script("return document.documentElement.scrollWidth")
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= width


@pytest.mark.slow
def test_dark_screens_get_a_dark_page(opened):
    grounds = []
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        colour = one(opened, "body").value_of_css_property("background-color")
        grounds.append(sum(map(float, re.findall(r"[\d.]+", colour)[:3])))
    assert grounds[0] > 600
    assert grounds[1] < 150


@pytest.mark.slow
def test_the_page_says_nothing_on_the_console(opened):
    assert [e for e in opened.get_log("browser") if e["level"] == "SEVERE"] == []


def test_a_comparison_cannot_be_changed(made):
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.name = "other"
