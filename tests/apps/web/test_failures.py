"""Whatever fails in a page, the plain JPEG stays, and the console says so once."""

from __future__ import annotations

from pathlib import Path

import pictures
import pytest
from web_pages import IN_BROWSER, LOOK, NETWORK, POLICY, element, page, put, warnings

pytestmark = IN_BROWSER
RUNTIME = "tfjs-backend-wasm-simd.wasm"
SIDECAR = "photo.comrec.json"
SIZE = 'width="131" height="97"'


def without(name: str):
    return lambda folder: (folder / name).unlink()


def changed(name: str, old: bytes, new: bytes):
    def change(folder: Path) -> None:
        data = (folder / name).read_bytes()
        assert old in data
        (folder / name).write_bytes(data.replace(old, new))

    return change


def cropped(name: str, length: int):
    def change(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:length])

    return change


def flipped(name: str, place: int):
    def change(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[place] ^= 1
        (folder / name).write_bytes(data)

    return change


def worker(text: str):
    """Returns a change: code that the worker runs before its own script."""

    def change(folder: Path) -> None:
        (folder / "comrec-worker.js").rename(folder / "real-worker.js")
        (folder / "before.js").write_text(text)
        both = 'import "./before.js"; import "./real-worker.js";'
        (folder / "comrec-worker.js").write_text(both)

    return change


NO_MEMORY = '{ throw new RangeError("no memory"); }'
NOISE = """
    const { prototype } = OffscreenCanvasRenderingContext2D;
    const real = prototype.getImageData;
    prototype.getImageData = function (...given) {
      const image = real.apply(this, given);
      image.data[5] ^= 1;
      return image;
    };
"""
# Name to (what is done to the site, what the reason has in it).
FAILURES = {
    "what restores is missing": (without("picture.js"), "picture.js"),
    "the sidecar is missing": (without(SIDECAR), "sidecar is missing"),
    "the sidecar has a field more": (
        changed(SIDECAR, b'"crc"', b'"url":"evil.js","crc"'), "unknown field",
    ),
    "the size is another": (changed(SIDECAR, b"[131", b"[132"), "another picture"),
    "the sidecar is none": (changed(SIDECAR, b"{", b"["), "invalid JSON"),
    "no networks": (without("networks.json"), "networks.json is missing"),
    "networks of others": (
        changed("networks.json", b"lite-2", b"lite-9"), "no network for preset",
    ),
    "the network is missing": (without(NETWORK), f"{NETWORK} is missing"),
    "the network is cut off": (cropped(NETWORK, 100_000), "SHA-256"),
    "the network is none": (
        changed(NETWORK, b"comrecnn", b"comrecxx"), "SHA-256",
    ),
    "a bit of the network is another": (flipped(NETWORK, 150_000), "SHA-256"),
    "networks without a hash": (
        changed("networks.json", b"sha256", b"sha1"), "has no SHA-256",
    ),
    "the runtime is missing": (without(RUNTIME), "is missing"),
    "the runtime is cut off": (cropped(RUNTIME, 200_000), ""),
    "the worker is missing": (without("comrec-worker.js"), "worker"),
    "no memory for the JPEG": (
        worker(f"globalThis.createImageBitmap = () => {NO_MEMORY}"), "no memory",
    ),
    "no memory for the runtime": (
        worker(f"WebAssembly.instantiate = async () => {NO_MEMORY}"), "no memory",
    ),
    "no memory for the pixels": (
        worker(f"globalThis.Uint8ClampedArray = function () {NO_MEMORY}"), "no memory",
    ),
    "no WebAssembly": (worker("delete globalThis.WebAssembly"), "no WebAssembly"),
    "no canvas": (worker("delete globalThis.OffscreenCanvas"), "OffscreenCanvas"),
    "no compression": (
        worker("delete globalThis.CompressionStream"), "CompressionStream",
    ),
    "a canvas that adds noise": (worker(NOISE), "changes the pixels"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_leaves_the_plain_jpeg_and_one_warning(site, browser, cases, name):
    put(site.folder, "photo", cases["scale-1.5"])
    change, reason = FAILURES[name]
    change(site.folder)
    ran = browser.visit(page(site, element(size=SIZE)), LOOK)
    assert ran.value["src"] == f"{site.url}photo.comrec.jpg"
    assert (ran.value["state"], ran.value["srcset"]) == ("plain", None)
    (event,) = ran.seen["events"]
    assert event["type"] == "comrec-plain"
    assert reason in event["reason"]
    (warning,) = warnings(ran)
    assert event["reason"] in warning
    assert "photo.comrec.jpg" in warning
    # Beside it only what browsers say of files that are missing.
    others = [line for line in ran.console if line != warning]
    of_browser = "Failed to load resource", "digest in the 'integrity'", "SRI's integ"
    unexpected = [o for o in others if not any(text in o for text in of_browser)]
    assert not unexpected
    assert ran.seen["shifts"] == []
    assert ran.seen["revoked"] == ran.seen["made"]


def test_the_same_picture_is_restored_where_nothing_fails(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    ran = browser.visit(page(site, element(size=SIZE)), LOOK)
    assert ran.value["state"] == "restored"
    assert ran.value["src"].startswith("blob:")
    assert ran.value["natural"] == 131


def test_a_policy_against_wasm_leaves_the_plain_jpeg(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    site.policy = POLICY.replace(" 'wasm-unsafe-eval'", "")
    ran = browser.visit(page(site, element()), LOOK)
    assert ran.value["state"] == "plain"
    assert len(warnings(ran)) == 1


def test_a_picture_larger_than_wished_stays_plain(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    ran = browser.visit(page(site, element(more='max-pixels="10000"')), LOOK)
    assert ran.value["state"] == "plain"
    assert "at most 10000 pixels" in ran.console[0]


def test_a_plain_jpeg_is_left_alone_without_a_word(site, browser):
    data = pictures.file_of(pictures.photo(97, 131), "JPEG")
    (site.folder / "photo.comrec.jpg").write_bytes(data)
    ran = browser.visit(page(site, element()), LOOK)
    assert ran.value["state"] == "plain"
    assert warnings(ran) == []
    assert not [url for url in ran.requests if "network" in url]


@pytest.mark.parametrize("src", [None, "none.js"])
def test_a_page_whose_script_never_runs_shows_the_jpeg(site, browser, cases, src):
    put(site.folder, "photo", cases["scale-1.5"])
    script = f'<script type="module" src="{src}"></script>' if src else ""
    ran = browser.visit(
        page(site, element(), script),
        "const [img] = document.images; await img.decode(); return img.naturalWidth;",
    )
    assert ran.value == 88
