"""README is short, its links lead somewhere, and it says what must not be missed."""

import re

import pytest
from results import README, ROOT


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 130


@pytest.mark.parametrize(
    "said",
    [
        "use AVIF",
        "Not tried:",
        "CC BY-SA 4.0",
        "research only",
        "1708.00838",
        "make docs",
    ],
)
def test_the_readme_says_when_not_where_not_and_under_which_terms(said):
    assert said in README


def test_links_in_the_readme_lead_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert len(links) > 20
    for link in links:
        assert (ROOT / link).exists(), link
