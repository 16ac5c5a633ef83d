"""The page to drop pictures on, in a real browser."""

from __future__ import annotations

import base64
import json

import numpy as np
import pictures
import pytest
import web_site
from PIL import Image
from web_pages import IN_BROWSER, PRESET, compressed, put, shown

import comrec
from comrec.api import restore
from comrec.apps.web import drift, network
from comrec.apps.web import drop as drop_page
from comrec.networks.codec import Codec

pytestmark = IN_BROWSER
MAX_PIXELS = 40_000
# `drop(...names)` drops files of the site; `settled()` waits until none is to come.
GIVEN = """
    const { until } = seen;
    const find = (selector) => document.querySelector(selector);
    const all = (selector) => [...document.querySelectorAll(selector)];
    const said = () => find("#said").textContent;
    await until(() => !find("#choose").disabled);
    const carry = async (names) => {
      const carried = new DataTransfer();
      for (const name of names) {
        const data = await (await fetch(`files/${encodeURIComponent(name)}`)).blob();
        carried.items.add(new File([data], name, { type: data.type }));
      }
      return carried;
    };
    const drop = async (...names) => {
      const dataTransfer = await carry(names);
      const given = { dataTransfer, bubbles: true, cancelable: true };
      document.body.dispatchEvent(new DragEvent("drop", given));
    };
    const settled = () => until(() => said() && !said().includes("to come"));
    const text = (row, part) => row.querySelector(part).textContent;
    const words = () => Object.fromEntries(
      all("#tray li").map((row) => [text(row, ".name"), text(row, ".words")]),
    );
    const open = async (name) => {
      all("#tray button").find((each) => each.textContent.includes(name)).click();
      await until(() => find("#shown").textContent === name);
    };
    const image = () => find("#viewer .sheet > img:not(.before)");
"""


def jpeg(quality: int, kind: str = "RGB", size=(97, 131), **options: object) -> bytes:
    image = Image.fromarray(pictures.photo(*size)).convert(kind)
    return pictures.file_of(image, "JPEG", quality=quality, **options)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(30, exif=exif)


ORDINARY = {
    "ordinary.jpg": jpeg(30),
    "luma alone.jpg": jpeg(50, subsampling=0),
    "grey.JPEG": jpeg(30, "L"),
    "turned.jpg": turned(),
}
PAIRS = ("pair.comrec.jpg", "inside.comrec.jpg")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Serves the page, with the files that tests drop beside it."""
    folder = tmp_path_factory.mktemp("drop")
    drop_page.write(drop_page.DropRequest(folder, max_pixels=MAX_PIXELS))
    files = folder / "files"
    files.mkdir()
    for name, data in ORDINARY.items():
        (files / name).write_bytes(data)
    put(files, "pair", compressed(pictures.photo(97, 131), 1.5))
    put(files, "inside", compressed(pictures.photo(60, 77), 2, embed=True))
    put(files, "other", compressed(pictures.photo(40, 56), 2))
    paper = {"preset": "jiang2017-gray-q50-2", "jpeg_quality": 40, "embed": True}
    put(files, "foreign", comrec.compress(pictures.grey(40, 56), **paper))
    (files / "fine.jpg").write_bytes(jpeg(99, subsampling=0))
    (files / "cut.jpg").write_bytes(ORDINARY["ordinary.jpg"][:-500])
    (files / "inks.jpg").write_bytes(jpeg(50, "CMYK"))
    (files / "large.jpg").write_bytes(jpeg(50, size=(201, 200)))
    (files / "text.txt").write_text("no picture")
    (folder / "favicon.ico").write_bytes(b"")
    with web_site.closing_all() as opened:
        opened.append(web_site.Site(folder))
        yield opened[0]


def visit(made, browser, script: str, **how: object):
    return browser.visit(f"{made.url}index.html", GIVEN + script, **how)


@pytest.fixture(scope="module")
def many(made, browser):
    """Drops many files at once; returns what is said and shown of each."""
    names = sorted(path.name for path in (made.folder / "files").iterdir())
    dropped = [name for name in names if name != "other.comrec.json"]
    return visit(
        made, browser,
        f"""
        await drop(...{json.dumps(dropped)});
        await settled();
        const files = {{}};
        for (const name of {json.dumps([*ORDINARY, *PAIRS])}) {{
          await open(name);
          await image().decode();
          files[name] = await seen.file(image());
        }}
        const previews = all("#tray canvas").filter((canvas) => !canvas.hidden).length;
        return {{ words: words(), said: said(), files, previews }};
        """,
    )  # fmt: skip


def test_many_files_are_restored_and_each_of_the_others_is_said_in_words(many):
    words = many.value["words"]
    by_lite = "Restored by comrec-lite-2: "
    assert words["pair.comrec.jpg"] == f"{by_lite}a comrec pair."
    assert words["inside.comrec.jpg"] == f"{by_lite}a comrec pair."
    kind = "an ordinary JPEG, quality about 30, 4:2:0; JPEGs like it gain"
    assert words["ordinary.jpg"].startswith(by_lite + kind)
    assert words["fine.jpg"] == (
        "Shown unchanged: comrec-lite-2 brings no such JPEG closer (quality about 99, "
        "4:4:4)."
    )
    reasons = {
        "cut.jpg": "cut off",
        "inks.jpg": "4 components",
        "large.jpg": f"at most {MAX_PIXELS} pixels",
        "text.txt": "only JPEGs and comrec's pairs",
        "other.comrec.jpg": "its sidecar is missing. Drop other.comrec.json too.",
        "foreign.comrec.jpg": "this site has no network for jiang2017-gray-q50-2.",
    }
    for name, reason in reasons.items():
        assert words[name].startswith("Not restored: ")
        assert reason in words[name]
    assert many.value["said"] == "6 restored, 1 shown unchanged, 6 not restored."
    assert len(words) == 13
    assert many.value["previews"] == 10  # not of the broken, the large and the text


def test_nothing_is_asked_of_another_host_and_no_policy_violated(many, made):
    hosts = {url.split("/")[2] for url in many.requests if url.startswith("http")}
    assert hosts == {made.url.split("/")[2]}
    assert many.console == []
    assert many.seen["violations"] == []
    bins = [url for url in many.requests if url.endswith(".bin")]
    assert len(bins) == 1, "a network that no picture needs was loaded"


def test_dropped_pairs_have_the_pixels_that_python_restores(many, made):
    for name in PAIRS:
        image = np.asarray(shown(many.value["files"][name]))
        expected = comrec.decompress(made.folder / "files" / name, exact=True)
        difference = np.abs(image.astype(int) - expected)
        assert difference.max() <= 1
        assert difference.mean() < 0.01


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_jpegs_have_the_pixels_that_restore_makes(many, name):
    image = np.asarray(shown(many.value["files"][name]))
    networks = {"reccnn": drift.load(PRESET, network.dump(PRESET, 16), threads=1)}
    codec = Codec(PRESET, 1, networks=networks)
    expected = restore.restore_jpeg(ORDINARY[name], codec)
    assert expected.outcome == "restored"
    assert image.shape == expected.to_array().shape
    difference = np.abs(image.astype(int) - expected.to_array())
    assert difference.max() <= 1
    assert difference.mean() < 0.01


def test_a_sidecar_that_comes_later_completes_its_pair(made, browser):
    ran = visit(made, browser, """
        await drop("other.comrec.jpg");
        await settled();
        const before = words();
        await drop("other.comrec.json", "pair.comrec.json");
        await settled();
        const after = words();
        await drop("pair.comrec.jpg");
        await settled();
        return [before, after, words()];
    """)  # fmt: skip
    before, after, last = ran.value
    assert "sidecar is missing" in before["other.comrec.jpg"]
    assert after["other.comrec.jpg"].startswith("Restored by")
    assert "its picture is missing" in after["pair.comrec.json"]
    assert list(last) == ["other.comrec.jpg", "pair.comrec.jpg"]
    assert last["pair.comrec.jpg"].startswith("Restored by")


def test_files_are_chosen_by_the_button_and_pasted(made, browser):
    ran = visit(made, browser, """
        find("#files").files = (await carry(["ordinary.jpg"])).files;
        find("#files").dispatchEvent(new Event("change"));
        const clipboardData = await carry(["grey.JPEG"]);
        dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        await settled();
        return words();
    """)  # fmt: skip
    assert sorted(ran.value) == ["grey.JPEG", "ordinary.jpg"]
    assert all(text.startswith("Restored by") for text in ran.value.values())


def test_all_of_it_can_be_done_by_keys(made, browser):
    ran = visit(made, browser, """
        await drop("ordinary.jpg", "grey.JPEG", "turned.jpg");
        await settled();
        const focus = async (selector) => {
          for (let i = 0; document.activeElement !== find(selector); i++) {
            if (i > 30) throw new Error(`no key leads to ${selector}`);
            await press("Tab");
          }
        };
        const report = {};
        await focus("#viewer input");
        await press("ArrowRight");
        report.value = find("#viewer input").value;
        report.output = find("#viewer output").textContent;
        report.clip = getComputedStyle(find(".before")).clipPath;
        await focus(".save");
        report.save = [find(".save").download, find(".save").href.slice(0, 5)];
        await focus("#tray button");
        await press("ArrowDown");
        await press("ArrowDown");
        report.shown = find("#shown").textContent;
        await press("Delete");
        report.left = Object.keys(words());
        report.then = find("#shown").textContent;
        report.focused = document.activeElement.textContent.includes("grey.JPEG");
        return report;
    """)  # fmt: skip
    value = ran.value
    assert (value["value"], value["output"]) == ("51", "51 %")
    assert "49%" in value["clip"]
    assert value["save"] == ["ordinary.restored.png", "blob:"]
    assert value["shown"] == "turned.jpg"
    assert value["left"] == ["ordinary.jpg", "grey.JPEG"]
    assert value["then"] == "grey.JPEG"
    assert value["focused"]


def test_one_to_one_keeps_the_divider_in_view(made, browser):
    ran = visit(made, browser, """
        await drop("ordinary.jpg");
        await settled();
        await image().decode();
        find("#viewer").style.width = "60px";
        const stage = find(".stage"), button = find("#viewer .actual");
        await until(() => stage.classList.contains("enlarges"));
        const box = () => stage.getBoundingClientRect();
        const fits = [box().width, box().height];
        button.focus();
        await press("Enter");
        const actual = image().getBoundingClientRect().width;
        stage.scrollLeft = 40;
        await seen.sleep(100);
        const edge = find(".edge").getBoundingClientRect();
        const middle = edge.left + edge.width / 2 - box().left;
        const same = fits.every((side, i) => side === [box().width, box().height][i]);
        const pressed = button.getAttribute("aria-pressed");
        await press("Enter");
        return { fits, actual, middle, same, pressed,
                 back: image().getBoundingClientRect().width };
    """)  # fmt: skip
    value = ran.value
    assert value["actual"] == 131
    assert value["middle"] == pytest.approx(value["fits"][0] / 2, abs=1.5)
    assert value["same"], "the place of the picture changed its size"
    assert value["pressed"] == "true"
    assert value["back"] == pytest.approx(value["fits"][0], abs=1)


def test_memory_is_given_back_with_the_pictures(made, browser):
    ran = visit(made, browser, """
        await drop("ordinary.jpg", "turned.jpg");
        await settled();
        await open("turned.jpg");
        find("#viewer .remove").click();
        find("#viewer .remove").click();
        return [all("#tray li").length, find("#viewer").hidden, said()];
    """)  # fmt: skip
    assert ran.value == [0, True, ""]
    assert sorted(ran.seen["revoked"]) == sorted(ran.seen["made"])


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_a_phone(scheme, made, browser):
    ran = visit(
        made, browser,
        """
        const over = () => document.documentElement.scrollWidth - innerWidth;
        const empty = over();
        await drop("ordinary.jpg", "text.txt", "pair.comrec.jpg");
        await settled();
        const sizes = all("body *").filter((each) => each.textContent.trim())
          .map((each) => parseFloat(getComputedStyle(each).fontSize));
        const { color, backgroundColor } = getComputedStyle(document.body);
        const least = Math.min(...sizes);
        return { empty, full: over(), least, color, backgroundColor };
        """,
        viewport={"width": 320, "height": 640},
        device={"colorScheme": scheme, "hasTouch": True},
    )  # fmt: skip
    assert ran.value["empty"] <= 0
    assert ran.value["full"] <= 0
    assert ran.value["least"] >= 12
    text, ground = (
        sum(map(int, ran.value[name][4:-1].split(",")))
        for name in ("color", "backgroundColor")
    )
    assert (text > ground + 400) if scheme == "dark" else (ground > text + 400)


def test_opened_from_a_disk_it_says_why_nothing_is_restored(made, browser):
    ran = browser.visit(
        (made.folder / "index.html").as_uri(),
        'return document.getElementById("from-disk").checkVisibility();',
    )
    assert ran.value is True


def test_a_png_that_is_saved_is_the_restored_picture(many, made):
    with Image.open(made.folder / "files" / "turned.jpg") as image:
        size = image.size
    saved = shown(many.value["files"]["turned.jpg"])
    assert saved.format == "PNG"
    assert saved.size == size[::-1], "not upright"
    assert base64.b64decode(many.value["files"]["grey.JPEG"])[25] == 0, "not grey"
