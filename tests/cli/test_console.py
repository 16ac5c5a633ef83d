"""Output of results and errors: names, options, streams and the progress bar."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time

import pictures
import pytest

from comrec.cli import console, main

EVIL = "a\x1b[31mb\x9b2Jc\x07\u202ed\ne.png"
HARMLESS = "a?[31mb?2Jc??d?e"
USED = ("--jpeg-quality", 50)


@pytest.fixture
def evil(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / EVIL).write_bytes(pictures.photo_file(".png"))
    return EVIL


def assert_harmless(text: str, lines: int) -> None:
    assert len(text.splitlines()) == lines
    assert all(c.isprintable() or c == "\n" for c in text)


def test_control_characters_in_names_are_replaced(run, evil):
    made = run("compress", evil, "--jpeg-quality", 50)
    assert made.status == 0
    assert HARMLESS in made.out.decode()
    assert_harmless(made.out.decode(), 3)
    jpeg = EVIL.replace(".png", ".comrec.jpg")
    for words in (
        ("compress", evil), ("decompress", jpeg), ("verify", jpeg),
        ("verify", jpeg, "--original", evil), ("compress", evil, "-f", "--json", *USED),
        ("decompress", evil), ("info", evil), ("compress", EVIL + "gone"),
    ):  # fmt: skip
        ran = run(*words)
        text = ran.out.decode() + ran.err
        assert_harmless(text, 1)
        assert HARMLESS in text or "\\u001b" in text
    details = run("info", jpeg)
    assert HARMLESS in details.out.decode()
    assert_harmless(details.out.decode(), len(details.out.decode().split("\n")) - 1)
    usage = run("compress", evil, "--" + EVIL)
    assert usage.status == 2
    assert "\x1b" not in usage.err


def test_a_name_that_is_no_text_is_printed(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_bytes(pictures.photo_file(".png"))
    made = run("compress", name, "--json", *USED)
    assert made.rows[0]["input"] == name
    assert run("compress", name, "-f", *USED).out.startswith(b"caf?.png")


def test_a_terminal_without_arrows_gets_question_marks(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    out = console.Output()
    out.print_row({"a": "é → è"}, lambda row: f"{row['a']} → x", as_json=False)
    assert raw.getvalue() == b"? ? ? ? x\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Bar:
    """Writes its calls to the stream of the lines."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream
        self.advance = self.add_task = lambda *args, **kwargs: 0

    def start(self) -> None:
        self.stream.write("[")

    def stop(self) -> None:
        self.stream.write("]")


@pytest.mark.parametrize(
    ("after_s", "seen"), [(0, "[]one\n[]two\n[]"), (60, "one\ntwo\n]")]
)
def test_a_bar_appears_after_a_second_and_shares_no_line(monkeypatch, after_s, seen):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(console, "BAR_AFTER_S", after_s)
    monkeypatch.setattr(console, "_bar", lambda: Bar(stream))

    def results():
        time.sleep(0.1)
        yield from ("one", "two")

    out = console.Output()
    for result in out.show_progress(results(), 2, "test"):
        out.print_row({"name": result}, lambda row: str(row["name"]), as_json=False)
    assert stream.getvalue() == seen


@pytest.mark.parametrize(("columns", "quiet"), [(80, False), (80, True), (0, False)])
def test_a_line_of_stages_fits_a_terminal_and_is_removed(monkeypatch, columns, quiet):
    stream = Terminal() if columns else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(console, "BAR_AFTER_S", 0)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")

    def results():
        time.sleep(0.1)
        yield "row"

    out = console.Output(quiet=quiet)
    stage = "plain JPEG in as many bytes, 100 %"
    assert list(out.watch(results(), lambda: stage, timed=True)) == ["row"]
    lines = re.split("[\r\n]", re.sub(r"\x1b\[[0-9?]*[a-zA-Z]", "", stream.getvalue()))
    assert any(stage in line for line in lines) == bool(columns and not quiet)
    assert all(len(line) <= 80 for line in lines)
    if not columns or quiet:
        assert stream.getvalue() == ""
    else:
        assert stream.getvalue().endswith("\x1b[2K")  # the line is erased


@pytest.mark.parametrize(
    ("to", "said"),
    [("| sleep 0", ""), ("> /dev/full", "comrec: stdout: cannot be written (No space")],
)
@pytest.mark.parametrize("words", ["-o -", "-f --json"])
def test_a_stdout_that_cannot_be_written_is_one_line_at_most(tmp_path, to, said, words):
    (tmp_path / "x.jpg").write_bytes(
        pictures.file_of(pictures.photo(400, 500), "JPEG")  # more than a pipe holds
    )
    python = (
        "import sys, time; from comrec.cli.main import main; time.sleep(0.1); "
        "sys.exit(main())"
    )
    command = (
        f"set -o pipefail; {sys.executable} -c '{python}' "
        f"decompress {tmp_path}/x.jpg {words} {to}"
    )
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith(said)
    assert ran.stderr.count("\n") == bool(said)


def test_quiet_prints_errors_only(run, folder):
    ran = run("compress", "photo.png", *USED, "--quiet")
    assert (ran.status, ran.out, ran.err) == (0, b"", "")


@pytest.mark.parametrize(
    ("message", "spelled"),
    [
        ("raise `max_pixels`", "raise --max-pixels"),
        ("`output` or `force`", "-o or -f"),
        ("raise `memory_mb`", "raise --memory"),
        ("`effort` 9, not `target_bpp`", "--effort 9, not --target-bpp"),
        ("see `comrec presets`", "see `comrec presets`"),
        ("max_pixels, `Max`, `a.b`, ``, `", "max_pixels, `Max`, `a.b`, ``, `"),
    ],
)
def test_an_option_in_backquotes_is_spelled_as_it_is_typed(message, spelled):
    assert console.spell(message) == spelled


def test_every_special_spelling_is_an_option_that_a_command_takes():
    commands = main.parser()._subparsers._group_actions[0].choices
    for name, flag in console.SPELLED.items():
        assert any(flag in each._option_string_actions for each in commands.values())
        assert flag != f"--{name.replace('_', '-')}"


def test_errors_and_rows_of_errors_are_spelled(capsys):
    out = console.Output()
    out.fail("x.png: exists. Use `force`")
    out.print_row({"error": "x.png: exists. Use `force`"}, str, as_json=True)
    printed = capsys.readouterr()
    assert printed.err == "comrec: x.png: exists. Use -f\n"
    assert printed.out == '{"error": "x.png: exists. Use -f"}\n'
