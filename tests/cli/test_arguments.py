"""Options that commands share: built from the fields of `Options`, read once."""

from __future__ import annotations

import pytest

from comrec.cli import arguments
from comrec.cli.parser import Parser
from comrec.encoder.options import TARGETS, Options
from comrec.errors import UsageError
from comrec.networks import codec
from comrec.system import cores
from comrec.system.options import describe


def parse(*words: str):
    parser = Parser()
    arguments.add_encoding(parser)
    arguments.add_restoring(parser)
    arguments.add_limits(parser)
    parser.set_defaults(jobs=1)
    return parser.parse_args(words)


def test_an_option_that_is_not_typed_is_no_attribute():
    names = vars(parse())
    assert not {*arguments.ENCODE, *arguments.DECODE} & set(names)
    assert (
        vars(parse("--embed", "-q", "20")).items()
        >= {"embed": True, "quality": 20}.items()
    )


def test_encode_options_are_the_fields_of_options():
    shared = {"max_pixels", "engine", "threads"}
    assert {*arguments.ENCODE} | shared == set(describe(Options))


def test_the_help_of_an_option_is_that_of_its_field(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    text = " ".join(capsys.readouterr().out.split())
    for name, option in describe(Options).items():
        if name != "threads":
            assert arguments.spell(option.help)[:40] in text


def test_the_command_line_and_the_codec_have_one_limit_on_memory():
    assert arguments.MEMORY_MB == codec.MEMORY_MB
    assert arguments.restoring(parse()) == {"exact": False, "memory_mb": 1024}
    typed = parse("--exact", "--memory", "64")
    assert arguments.restoring(typed) == {"exact": True, "memory_mb": 64}


@pytest.mark.parametrize("name", TARGETS)
def test_two_targets_are_refused_and_one_is_taken(name):
    flag = f"--{name.replace('_', '-')}"
    assert arguments.options(parse(flag, "9")).target == (name, 9)
    other = "--target-psnr" if name != "target_psnr" else "-q"
    with pytest.raises(UsageError, match=f"at most one of .*{name}"):
        arguments.options(parse(flag, "9", other, "9"))


def test_values_that_a_command_fixes_go_before_typed_ones():
    assert arguments.options(parse("--effort", "3"), effort=7).effort == 7
    assert arguments.options(parse("--effort", "3")).effort == 3


@pytest.mark.parametrize(
    ("at_once", "available", "expected"), [(1, 8, 0), (2, 8, 4), (3, 8, 2), (9, 8, 1)]
)
def test_files_at_a_time_share_the_cores(monkeypatch, at_once, available, expected):
    monkeypatch.setattr(cores, "available", lambda: available)
    assert arguments.threads(at_once) == expected
