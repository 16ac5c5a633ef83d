"""Fixtures of the tests of `comrec compare`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pictures
import pytest
from compare_made import NAME, SIDES

from comrec.apps import compare
from comrec.apps.compare import measure
from comrec.encoder.options import Options
from comrec.image.picture import Picture


@pytest.fixture(scope="session")
def photo() -> Picture:
    return Picture(pictures.photo(*SIDES))


@pytest.fixture(scope="session")
def made(photo) -> measure.Comparison:
    options = Options(preset="comrec-lite-2", quality=10, effort=0)
    return measure.compare(photo, NAME, options, ["webp"], points=2)


@pytest.fixture(scope="session")
def path(made, tmp_path_factory) -> Path:
    report = compare.Report(tmp_path_factory.mktemp("page") / "page.html", force=False)
    report.add(made)
    report.add(made)
    report.write()
    return report.path


@pytest.fixture(scope="session")
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
