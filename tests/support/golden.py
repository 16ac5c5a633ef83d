"""Names the pairs that earlier versions of comrec wrote."""

from pathlib import Path

GOLDEN = sorted((Path(__file__).parents[1] / "data" / "golden").glob("*/*.comrec.jpg"))
