"""Words of a command line: inputs between options, and what was probably meant."""

from __future__ import annotations

import pytest

from comrec.cli import main
from comrec.cli.parser import Parser, group, suggest


def parse(*words: str):
    return main.parser().parse_args(words)


@pytest.mark.parametrize(
    "words",
    [
        ("a", "b", "c", "-q", "9"), ("-q", "9", "a", "b", "c"),
        ("a", "-q", "9", "b", "c"), ("a", "b", "-q", "9", "--embed", "c"),
        ("-q", "9", "a", "--embed", "b", "-o", "x", "c"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_options_may_stand_between_inputs(words):
    args = parse("compress", *words)
    assert (args.inputs, args.quality) == (["a", "b", "c"], 9)


def test_inputs_after_an_option_have_the_type_of_the_others():
    first, second = parse("compare", "a", "--json", "b").inputs
    assert type(first) is type(second)


def test_a_dash_is_an_input_and_two_dashes_end_the_options():
    assert parse("compress", "--embed", "-").inputs == ["-"]
    assert parse("compress", "-q", "9", "--", "-a").inputs == ["-a"]


@pytest.mark.parametrize(
    ("words", "usage", "meant"),
    [
        (("compres", "x"), "usage: comrec [-h]", "Did you mean compress?"),
        (("compress", "x", "--qualty", "9"), "usage: comrec compress",
         "no option '--qualty'. Did you mean --quality?"),
        (("compress", "x", "--target-sise=9"), "usage: comrec compress",
         "Did you mean --target-size?"),
        (("decompress", "x", "--memry", "9"), "usage: comrec decompress",
         "Did you mean --memory?"),
        (("compress", "x", "--tune", "visal"), "usage: comrec compress",
         "Did you mean visual?"),
        (("autoencoder", "compres", "x"), "usage: comrec autoencoder",
         "Did you mean compress?"),
        (("info", "a", "b"), "usage: comrec info", "unexpected 'b'"),
        (("help", "decompres"), "usage: comrec [-h]", "Did you mean decompress?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_mistyped_word_gets_the_usage_of_its_command_and_a_proposal(
    run, words, usage, meant
):
    ran = run(*words)
    assert (ran.status, ran.out) == (2, b"")
    assert ran.err.startswith(usage)
    assert meant in ran.err.splitlines()[-1]


def test_a_word_like_no_other_gets_no_proposal():
    assert suggest("xyzzy", ["compress", "decompress"]) == ""


def test_a_group_is_made_once():
    parser = Parser()
    assert group(parser, "output") is group(parser, "output")
    assert group(parser, "output") is not group(parser, "input")


def test_errors_of_the_parser_have_no_control_characters(capsys):
    with pytest.raises(SystemExit) as stopped:
        Parser().parse_args(["--\x1b[31m"])
    assert stopped.value.code == 2
    assert "\x1b" not in capsys.readouterr().err
