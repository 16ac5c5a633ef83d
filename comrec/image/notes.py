"""Records what of a picture file is left out, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Notes:
    """Collects the notes on one picture file.

    Attributes:
      lines: one line for each property of the file that was changed or left out.
      left_out: the kinds of what was left out, each once; docs/format.md lists them.
    """

    lines: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Adds a note on something that takes nothing from the picture."""
        if line not in self.lines:
            self.lines.append(line)

    def leave_out(self, kind: str, line: str) -> None:
        """Adds a note on something that is left out."""
        self.add(line)
        if kind not in self.left_out:
            self.left_out.append(kind)

    def leave_out_rest(self, rest: bytes, padding: bytes) -> None:
        """Adds a note on data after a picture, unless they are only padding."""
        if rest.strip(padding):
            self.leave_out(
                "trailing data",
                f"data after the picture were left out ({len(rest):,} bytes)",
            )
