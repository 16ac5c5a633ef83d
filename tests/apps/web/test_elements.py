"""Authors and visitors have their way with pictures that restore themselves."""

from __future__ import annotations

import pytest
from web_pages import (
    IN_BROWSER,
    LOOK,
    compressed,
    element,
    large,
    page,
    put,
    style,
    warnings,
)

pytestmark = IN_BROWSER
LONG_TASK_MS = 50
SAVES = """
    const value = { saveData: true };
    Object.defineProperty(Navigator.prototype, "connection", { value });
"""


def test_nothing_is_downloaded_for_who_saves_data(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    ran = browser.visit(page(site, element()), LOOK, init=SAVES)
    assert ran.value["state"] == "plain"
    assert ran.console == []
    for word in ("picture", "worker", "network", "json"):
        assert not [url for url in ran.requests if word in url]


def test_an_author_may_know_better_than_the_data_saver(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    ran = browser.visit(
        page(site, element(more='data-saver="ignore"')), LOOK, init=SAVES
    )
    assert ran.value["state"] == "restored"


def test_the_jpeg_is_there_before_anything_else_is_asked_for(site, browser):
    put(site.folder, "large", compressed(large(), 2))
    script = """
        await seen.wait(1);
        const all = performance.getEntriesByType("resource");
        const jpeg = all.find(({ name }) => name.endsWith(".jpg"));
        const others = all.filter(({ name }) => !/[.]jpg$|comrec-img[.]js$/.test(name));
        const asked = others.map(({ startTime }) => startTime);
        return [jpeg.responseEnd, Math.min(...asked)];
    """
    ran = browser.visit(page(site, element("large")), script)
    there_ms, asked_ms = ran.value
    assert 0 < there_ms < asked_ms < float("inf")


def test_a_megapixel_moves_nothing_and_blocks_nothing(site, browser):
    put(site.folder, "large", compressed(large(), 2))
    picture = element("large", size='width="1152" height="912"')
    ran = browser.visit(
        page(site, f"<h1>Above</h1>{picture}<p>Below</p>"), LOOK,
        viewport={"width": 1280, "height": 1100}, trace=True,
    )  # fmt: skip
    assert ran.value["state"] == "restored"
    assert ran.seen["shifts"] == []
    assert 0 < ran.longestMs < LONG_TASK_MS


STOPS = {  # what is done at once to two that were begun; what becomes of the picture
    "both": ("first(); second();", None),
    "the last": ("second();", None),
    "one that is over": ("first();", "restored"),
}


@pytest.mark.parametrize("which", STOPS)
def test_what_is_stopped_before_the_jpeg_is_painted_never_begins(
    site, browser, cases, which
):
    put(site.folder, "photo", cases["scale-1.5"])
    stop, state = STOPS[which]
    script = f"""
        const {{ enhance }} = await import("/comrec-img.js");
        const img = document.getElementById("photo");
        const first = enhance(img), second = enhance(img);
        {stop}
        if ({str(state is not None).lower()}) await seen.wait(1);
        else await seen.sleep(500);
        return img.dataset.comrec ?? null;
    """
    plain = '<img id="photo" src="photo.comrec.jpg" alt="A photo">'
    ran = browser.visit(page(site, plain, head=""), script)
    assert ran.value == state
    assert any("picture.js" in url for url in ran.requests) == (state is not None)


def test_a_picture_whose_script_is_missing_is_tried_again_with_its_next_file(
    site, browser, cases
):
    put(site.folder, "photo", cases["scale-1.5"])
    (site.folder / "picture.js").unlink()
    script = """
        await seen.wait(1);
        document.getElementById("photo").src = "photo.comrec.jpg?again";
        await seen.wait(2);
        return seen.events.map(({ type }) => type);
    """
    ran = browser.visit(page(site, element()), script)
    assert ran.value == ["comrec-plain"] * 2
    assert len(warnings(ran)) == 2


def test_a_picture_without_a_size_gets_that_of_the_whole(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    body = '<comrec-img src="photo.comrec.jpg" alt="A photo"></comrec-img>'
    script = """
        await seen.wait(1);
        const [img] = document.images;
        const size = [img.getAttribute("width"), img.getAttribute("height")];
        return [...size, img.alt, img.getAttribute("src")];
    """
    ran = browser.visit(page(site, body), script)
    assert ran.value == ["131", "97", "A photo", "photo.comrec.jpg"]


def test_pictures_far_away_wait_until_they_come_near(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    put(site.folder, "far", cases["scale-2"])
    tall = style(site, "div { height: 5000px }")
    script = """
        await seen.wait(1);
        await seen.sleep(300);
        const far = document.getElementById("far");
        const before = [seen.events.length, far.complete, far.dataset.comrec ?? null];
        far.scrollIntoView();
        await seen.wait(2);
        return [before, far.dataset.comrec];
    """
    body = f"{tall}{element()}<div></div>{element('far')}"
    ran = browser.visit(page(site, body), script)
    assert ran.value == [[1, True, None], "restored"]


def test_pictures_in_view_come_first(site, browser, cases):
    names = [f"{place}{i}" for place in ("below", "seen") for i in range(4)]
    for name in names:
        put(site.folder, name, cases["scale-1.5"])
    # Those below stand first in the page.
    css = "main { display: flex; flex-direction: column-reverse } hr { height: 900px }"
    below, seen = ("".join(map(element, part)) for part in (names[:4], names[4:]))
    ran = browser.visit(
        page(site, f"{style(site, css)}<main><p>{below}</p><hr><p>{seen}</p></main>"),
        "await seen.wait(8);", viewport={"width": 1000, "height": 700},
    )  # fmt: skip
    order = [event["id"] for event in ran.seen["events"]]
    # Two are begun before all have been looked at, on a busy machine three, which may
    # take long.
    assert len([name for name in order[:5] if name.startswith("seen")]) >= 3
    assert order[-1].startswith("below")


def test_a_new_src_drops_the_old_picture_and_frees_it(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    put(site.folder, "other", cases["29x100"])
    script = """
        await seen.wait(1);
        const [img] = document.images;
        const first = img.currentSrc;
        img.src = "other.comrec.jpg";
        await seen.until(() => img.currentSrc.endsWith("other.comrec.jpg"));
        await seen.wait(2);
        const size = [img.naturalWidth, img.naturalHeight, img.width];
        return [first, ...size, img.getAttribute("src")];
    """
    ran = browser.visit(page(site, element()), script)
    first, *rest = ran.value
    assert rest == [100, 29, 100, "other.comrec.jpg"]
    assert ran.seen["revoked"] == [first]
    assert ran.console == []


def test_a_picture_that_was_replaced_meanwhile_is_never_shown(site, browser, cases):
    put(site.folder, "large", compressed(large(), 2))
    put(site.folder, "other", cases["29x100"])
    script = """
        const [img] = document.images;
        await seen.until(() => img.dataset.comrec === "restoring");
        img.src = "other.comrec.jpg";
        await seen.wait(1);
        await seen.sleep(1500);
        return [seen.events.length, img.naturalWidth, seen.blobs.size];
    """
    ran = browser.visit(page(site, element("large")), script)
    assert ran.value == [1, 100, 1]
    assert ran.console == []


def test_not_even_one_that_was_replaced_while_it_was_prepared(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    put(site.folder, "other", cases["29x100"])
    slow = """
        const { decode } = HTMLImageElement.prototype;
        HTMLImageElement.prototype.decode = async function () {
          await seen.sleep(500);
          return decode.call(this);
        };
    """
    script = """
        const [img] = document.images;
        await seen.until(() => seen.blobs.size === 1);
        img.src = "other.comrec.jpg";
        await seen.wait(1);
        return [seen.events.length, img.naturalWidth];
    """
    ran = browser.visit(page(site, element()), script, init=slow)
    assert ran.value == [1, 100]
    assert ran.seen["revoked"] == ran.seen["made"][:1]
    assert ran.console == []


@pytest.mark.parametrize("when", ["restoring", "restored"])
@pytest.mark.parametrize("kind", ["element", "img"])
def test_a_picture_that_leaves_the_page_is_freed(site, browser, cases, when, kind):
    put(site.folder, "photo", cases["scale-1.5"])
    body = (
        element() if kind == "element" else '<p><img src="photo.comrec.jpg" alt=""></p>'
    )
    ran = browser.visit(
        page(site, body),
        f"const when = '{when}';"
        """
        const { enhance } = await import("/comrec-img.js");
        const [img] = document.images;
        if (!img.closest("comrec-img")) enhance(img);
        await seen.until(() => img.dataset.comrec === when);
        img.parentElement.remove();
        await seen.sleep(1500);
        return [img.getAttribute("srcset"), img.dataset.comrec ?? null];
        """,
    )
    assert ran.value == [None, None]
    assert ran.seen["made"] == ran.seen["revoked"]
    assert ran.console == []


def test_a_picture_that_is_moved_or_comes_back_is_restored(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    script = """
        await seen.wait(1);
        const [img] = document.images;
        const first = img.currentSrc;
        const element = img.parentElement, main = document.querySelector("main");
        main.append(element);
        await seen.sleep(300);
        const isSame = img.currentSrc === first;
        element.remove();
        await seen.sleep(300);
        main.append(element);
        await seen.wait(2);
        return [isSame, img.dataset.comrec];
    """
    ran = browser.visit(page(site, f"<main></main>{element()}"), script)
    assert ran.value == [True, "restored"]
    assert len(ran.seen["revoked"]) == 1


def test_of_a_srcset_what_is_shown_is_restored_at_its_size(site, browser, cases):
    put(site.folder, "small", cases["29x100"])
    put(site.folder, "photo", cases["scale-1.5"])
    srcset = 'srcset="small.comrec.jpg 1x, photo.comrec.jpg 2x"'
    body = f'<comrec-img {srcset} src="small.comrec.jpg" alt=""></comrec-img>'
    script = """
        await seen.wait(1);
        const [img] = document.images;
        return [img.width, img.height, img.naturalWidth];
    """
    ran = browser.visit(page(site, body), script, device={"deviceScaleFactor": 2})
    assert ran.value == [66, 49, 65]  # natural sizes are rounded down
    assert ran.seen["events"][0]["width"] == 131


def test_a_picture_element_is_restored_and_given_back(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    put(site.folder, "small", cases["29x100"])
    body = (
        '<picture><source srcset="photo.comrec.jpg" media="(min-width: 10px)">'
        '<img src="small.comrec.jpg" alt=""></picture>'
    )
    script = """
        const { enhance } = await import("/comrec-img.js");
        const [img] = document.images;
        const stop = enhance(img);
        await seen.wait(1);
        const restored = [img.currentSrc.slice(0, 5), img.naturalWidth];
        stop();
        await seen.until(() => img.currentSrc.endsWith("photo.comrec.jpg"));
        const { media } = document.querySelector("source");
        const after = [img.dataset.comrec ?? null, img.hasAttribute("width")];
        return [...restored, media, ...after];
    """
    ran = browser.visit(page(site, body), script)
    assert ran.value == ["blob:", 131, "(min-width: 10px)", None, False]
    assert ran.seen["revoked"] == ran.seen["made"]


def test_attributes_are_handed_on_and_kept_in_step(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    attributes = 'src="photo.comrec.jpg" alt="Before" width="50" loading="lazy"'
    script = """
        await seen.wait(1);
        const [img] = document.images;
        const before = [img.alt, img.getAttribute("width"), img.loading];
        img.parentElement.setAttribute("alt", "After");
        img.parentElement.removeAttribute("width");
        return [before, img.alt, img.getAttribute("width"), document.images.length];
    """
    ran = browser.visit(page(site, f"<comrec-img {attributes}></comrec-img>"), script)
    assert ran.value == [["Before", "50", "lazy"], "After", None, 1]


def test_an_element_that_is_given_its_src_later_restores_it(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    script = """
        const element = document.querySelector("comrec-img");
        await seen.sleep(100);
        element.setAttribute("alt", "A photo");
        element.setAttribute("src", "photo.comrec.jpg");
        await seen.wait(1);
        const [img] = document.images;
        return [document.images.length, img.dataset.comrec, img.alt];
    """
    ran = browser.visit(page(site, "<comrec-img></comrec-img>"), script)
    assert ran.value == [1, "restored", "A photo"]


def test_an_img_that_comes_after_its_element_takes_the_place_of_its_own(
    site, browser, cases
):
    put(site.folder, "photo", cases["scale-1.5"])
    script = """
        const element = document.createElement("comrec-img");
        element.setAttribute("src", "photo.comrec.jpg");
        document.body.append(element);
        const img = new Image();
        img.alt = "The author's";
        element.append(img);
        await seen.wait(1);
        return [document.images.length, img.dataset.comrec, img.alt];
    """
    ran = browser.visit(page(site, "<p></p>"), script)
    assert ran.value == [1, "restored", "The author's"]
