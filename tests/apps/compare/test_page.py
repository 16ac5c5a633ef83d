"""One page that needs no other file, for any name and in any browser."""

from __future__ import annotations

import base64
import dataclasses
import io
import re

import numpy as np
import pytest
from compare_made import SIDES, divider, one, seen, zoom
from PIL import Image

from comrec.apps import compare
from comrec.apps.compare import measure, page
from comrec.encoder.options import Options
from comrec.image.picture import Picture


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
    options = Options(preset="comrec-lite-2", jpeg_quality=1, scale=2)
    made = measure.compare(photo, "x", options, points=0)
    assert [result.label for result in made.results] == ["original", "comrec"]
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
    made = measure.compare(
        Picture(pixels), "x", Options(quality=50), ["webp"], points=2
    )
    report = compare.Report(tmp_path / "page.html", force=False)
    report.add(made)
    report.write()
    assert "∞" in report.path.read_text()


def test_pixels_come_back_as_they_are(made):
    for pixels in (made.results[2].pixels, made.results[2].pixels[..., :1].copy()):
        data = base64.b64decode(page.make_data_url(pixels).split(",")[1])
        with Image.open(io.BytesIO(data)) as picture:
            back = np.asarray(picture.convert("RGB"))
        np.testing.assert_array_equal(back, np.broadcast_to(pixels, back.shape))


@pytest.fixture
def opened(browser, path):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.set_window_size(1100, 900)
    browser.get(path.as_uri())
    return browser


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
    plain, own = (made.results[i].pixels.astype(int) for i in (1, 2))
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


@pytest.mark.slow
def test_all_of_it_fits_a_phone_in_letters_that_can_be_read(opened):
    metrics = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        over, hidden, least = opened.execute_script("""
            const texts = [...document.querySelectorAll("body *")].filter((each) =>
              each.checkVisibility() && !each.closest(".unseen, script, option")
              && [...each.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
            const sizes = texts.map((each) => {
              const scale = each.ownerSVGElement ? each.getScreenCTM().a : 1;
              return scale * parseFloat(getComputedStyle(each).fontSize);
            });
            const wide = document.querySelector(".wide");
            return [document.documentElement.scrollWidth - innerWidth,
              wide.scrollWidth - wide.clientWidth, Math.min(...sizes)];
        """)
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert over <= 0
    assert hidden <= 0, "a part of the table is out of view"
    assert least >= 11
