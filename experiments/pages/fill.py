"""Writes the rows of experiments/results into README and the pages of docs.

    python experiments/pages/fill.py           # after new rows
    python experiments/pages/fill.py --check   # writes nothing; status 1 if one differs

A page has a pair of comments for each table or sentence that comes from rows, and this
script replaces the text between them:

    <!-- rows: kodak -->
    ...
    <!-- end of rows -->
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import shown_files
import shown_learning
import shown_quality
import shown_speed

from comrec.system import files

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SCRIPTS = shown_quality, shown_files, shown_speed, shown_learning
BLOCKS = {name: write for each in SCRIPTS for name, write in each.BLOCKS.items()}
MARKED = re.compile(r"(<!-- rows: ([\w-]+) -->\n).*?(<!-- end of rows -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    changed = [page for page in PAGES if filled(page.read_text()) != page.read_text()]
    for page in changed:
        result = "differs from its rows" if check else "written"
        print(f"{page.relative_to(ROOT)}: {result}")
        if not check:
            files.write(page, filled(page.read_text()).encode())
    raise SystemExit(int(check and bool(changed)))


def filled(text: str) -> str:
    """Returns the text of a page with the present rows between its comments."""
    return MARKED.sub(lambda m: f"{m[1]}\n{BLOCKS[m[2]]()}\n\n{m[3]}", text)


if __name__ == "__main__":
    main()
