"""The whole command line: legal requests, help, exit statuses."""

from __future__ import annotations

import argparse
import shlex

import pytest
from outputs import names_in

import comrec
from comrec.cli import main


@pytest.mark.parametrize(
    "words",
    [
        (), ("compress",), ("squeeze", "a"), ("compress", "a", "-q", "0"),
        ("compress", "a", "-q", "101"), ("compress", "a", "-q", "x"),
        ("compress", "a", "-f", "--skip-existing"), ("compress", "a", "-p", "nobody"),
        ("compress", "a", "--scale", "3"), ("compress", "a", "--scale", "x"),
        ("compress", "a", "--target-size", "0"), ("compress", "a", "--effort", "10"),
        ("compress", "a", "--target-psnr", "nan"), ("compress", "a", "--tune", "ssim"),
        ("compress", "a", "-q", "75", "--target-bpp", "1"),
        ("compress", "a", "--jpeg-quality", "75", "-q", "75"),
        ("compress", "a", "--target-size", "999", "--target-psnr", "30"),
        ("compress", "a", "--metadata", "gps"),
        ("compress", "a", "--engine", "abacus"), ("compress", "a", "-o", "x.png"),
        ("compress", "."), ("compress", "-", "photo.png"), ("compress", "a", "-j", "0"),
        ("compress", "photo.png", "photo.png", "gone.png", "-o", "-"),
        ("decompress", "a", "--assume", "plain"), ("decompress", "a", "--size", "3x3"),
        ("decompress", "a", "--size", "0x3", "--assume", "plain"),
        ("decompress", "a", "--assume", "nobody", "--size", "3x3"),
        ("decompress", "a", "b", "--sidecar", "c"),
        ("decompress", "a", "--memory", "1"),
        ("compress", "a.png", "photo.png", "-o", "out.jpg"),
        ("decompress", "a.jpg", "b.jpg", "-o", "out.PNG"),
        ("decompress", "a.jpg", "-o", "a.comrec.jpg"),
        ("verify", "a", "b", "--original", "c"), ("presets", "nobody"), ("info",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_illegal_request_exits_with_2_and_writes_nothing(run, folder, words):
    ran = run(*words)
    assert ran.status == 2
    assert ran.err
    assert ran.out == b""
    assert names_in(folder) == {"photo.png"}


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every parser by its command, actions of `autoencoder` included."""
    found = {"comrec": main.parser()}
    for parser in list(found.values()):
        for name, command in subparsers(parser).items():
            found[name] = command
            found |= {f"{name} {k}": v for k, v in subparsers(command).items()}
    return found


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    groups = parser._subparsers._group_actions if parser._subparsers else []
    return {name: each for group in groups for name, each in group.choices.items()}


def test_there_is_a_parser_for_every_command_and_action():
    expected = {"comrec", *main.COMMANDS}
    expected |= {f"autoencoder {a}" for a in ("compress", "decompress", "models")}
    expected |= {
        f"train {a}" for a in ("alternating", "joint", "autoencoder", "export")
    }
    assert set(parsers()) == expected


@pytest.mark.parametrize("command", parsers())
def test_help_fits_80_columns_and_describes_every_argument(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    parser = parsers()[command]
    assert max(map(len, parser.format_help().splitlines())) < 80
    for action in parser._actions:
        is_list = isinstance(action, argparse._SubParsersAction)
        assert is_list or action.help, action.dest


def test_summaries_are_phrases_of_one_line_of_help():
    for _, summary in main.COMMANDS.values():
        assert summary[0].islower()
        assert summary[-1] != "."
        assert len(summary) <= 60


@pytest.mark.parametrize("command", main.COMMANDS)
def test_examples_of_the_help_are_legal(command):
    module, _ = main.COMMANDS[command]
    examples = getattr(module, "EXAMPLES", ())
    assert examples or command == "help"
    for line in examples:
        words = shlex.split(line)
        assert words[:2] == ["comrec", command]
        words = words[: words.index("<")] if "<" in words else words
        assert main.parser().parse_args(words[1:]).command == command
        assert f"  {line}\n" in parsers()[command].format_help()


@pytest.mark.parametrize("topic", [(), ("compress",), ("autoencoder", "compress")])
def test_help_of_a_command_is_what_the_command_prints(run, topic):
    ran = run("help", *topic)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == run(*topic, "--help").out


def test_version_and_help_exit_with_0(run):
    assert run("--version").out.decode().strip() == comrec.__version__
    assert run("--help").status == run("bulk", "--help").status == 0
