"""Published curves belong to their pictures."""

import pytest
from evaluate_rows import row

from comrec.apps.evaluate import published, report, summary
from comrec.errors import UsageError

pytest.importorskip("scipy", reason="comes with the eval extra")


def test_what_others_published_is_marked_and_belongs_to_its_pictures():
    known = [(str(i), 3, "0") for i in range(24)]
    found = [
        row("jpeg", q, image, q / 50, 24 + q / 8) for q in (5, 30, 90)
        for image, _, _ in known
    ]  # fmt: skip
    lines, _ = summary.summarise(found, known)
    learned = published.make_lines("kodak", lines)
    assert {line.version for line in learned} == {"published"}
    hyperprior = next(line for line in learned if line.codec == "bmshj2018-hyperprior")
    # bpp 0.3199 and 30.96 dB, and 0.4784 and 32.83 dB, are two of its points.
    assert 30.96 < hyperprior.at[summary.RATES_BPP.index(0.4)] < 32.83
    record = report.record(hyperprior)
    assert record["won"] is None
    assert record["encode_s_per_mp"] is None
    with pytest.raises(UsageError, match="of its pictures in colour"):
        published.check("kodak", known)
