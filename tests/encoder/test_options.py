"""An encode option is written once; checks, signature and parser are made from it."""

from __future__ import annotations

import argparse
import dataclasses
import inspect

import numpy as np
import pytest

import comrec
from comrec.cli import arguments
from comrec.encoder import options
from comrec.encoder.options import TARGETS, Options
from comrec.errors import UsageError
from comrec.image.metadata import KINDS
from comrec.networks import engine
from comrec.system.options import describe

FIELDS = dataclasses.fields(Options)


def typed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments.add_encoding(parser)
    arguments.add_limits(parser)
    parser.set_defaults(jobs=1)
    return parser.parse_args([*words])


def test_every_field_is_an_option_with_help_and_legal_values():
    assert list(describe(Options)) == [field.name for field in FIELDS]
    assert all(each.help and each.kind for each in describe(Options).values())


def test_the_signature_and_the_documentation_of_the_api_are_the_fields():
    _, *named = inspect.signature(comrec.compress).parameters.values()
    assert [(p.name, p.default) for p in named] == [(f.name, f.default) for f in FIELDS]
    assert all(p.kind is p.KEYWORD_ONLY for p in named)
    text = " ".join(inspect.getdoc(comrec.compress).split())
    for name, each in describe(Options).items():
        assert f"{name}: {each.help}." in text


def test_what_is_typed_becomes_the_options_and_nothing_else_does():
    assert arguments.options(typed()) == Options()
    words = ["-p", "comrec-lite-2", "--target-bpp", "0.5", "--tune", "visual",
             "--effort", "7", "--scale", "1.5", "--embed", "--metadata", "icc,exif",
             "--max-pixels", "99", "--engine", "onnxruntime"]  # fmt: skip
    assert arguments.options(typed(*words)) == Options(
        preset="comrec-lite-2", target_bpp=0.5, tune="visual", effort=7, scale=1.5,
        embed=True, metadata=("icc", "exif"), max_pixels=99, engine="onnxruntime",
    )  # fmt: skip


def test_the_command_line_offers_every_option_but_the_threads():
    offered = {action.dest for action in parser_actions()}
    assert offered >= {field.name for field in FIELDS} - {"threads"}


def parser_actions() -> list[argparse.Action]:
    parser = argparse.ArgumentParser()
    arguments.add_encoding(parser)
    arguments.add_limits(parser)
    return parser._actions


@pytest.mark.parametrize(
    ("name", "value", "legal"),
    [
        ("quality", 0, "1 to 100"),
        ("quality", True, "1 to 100"),
        ("jpeg_quality", 101, "1 to 100"),
        ("target_size", 0, "1 to 1099511627776"),
        ("target_bpp", 0, "above 0"),
        ("target_bpp", np.bool_(True), "above 0"),
        ("target_psnr", float("nan"), "above 0"),
        ("tune", "eyes", "psnr or visual"),
        ("effort", 10, "0 to 9"),
        ("effort", 5.0, "0 to 9"),
        ("scale", 3, "has scale 1 or 1.5 or 2, or auto"),
        ("scale", True, "has scale 1 or 1.5 or 2, or auto"),
        ("metadata", "makernote", "all, none, web, or some of exif,icc,xmp,iptc"),
        ("max_pixels", 0, "1 or more"),
        ("engine", "abacus", "auto or onnxruntime or openvino or keras"),
        ("threads", -1, "0 or more"),
    ],
)
def test_an_illegal_value_is_refused_with_what_is_legal_and_what_came(
    name, value, legal
):
    with pytest.raises(UsageError, match=legal) as err:
        Options(**{name: value})
    assert repr(value) in str(err.value)


def test_an_unknown_preset_is_refused():
    with pytest.raises(UsageError, match="no preset is called 'nobody'"):
        Options(preset="nobody")


def test_at_most_one_target_may_be_given():
    with pytest.raises(UsageError, match=r"at most one of .* quality, target_bpp$"):
        Options(quality=75, target_bpp=1)
    assert Options().target == ("quality", options.QUALITY)
    values = dict.fromkeys(TARGETS, 50)
    assert all(Options(**{n: v}).target == (n, v) for n, v in values.items())


def test_values_take_their_one_form():
    given = Options(quality=np.int64(9), scale=2.0, metadata="all", embed=1)
    assert type(given.quality) is int
    assert (given.scale, type(given.scale)) == (2, int)
    assert given.metadata == KINDS
    assert given.embed is True


def test_a_budget_is_bytes_or_bits_per_pixel():
    assert Options(target_size=99).budget_bytes(10, 10) == 99
    assert Options(target_bpp=0.5).budget_bytes(7, 9) == 3
    assert Options(target_bpp=1e300).budget_bytes(7, 9) == options.BYTES_MAX
    assert Options(quality=5).budget_bytes(7, 9) is None


def test_codecs_are_those_of_the_scales():
    assert [codec.scale for codec in Options().codecs()] == [1, 1.5, 2]
    assert [codec.scale for codec in Options(scale=1.5).codecs()] == [1.5]
    assert Options(preset="plain").codecs() == []


def test_engines_are_those_that_can_be_chosen():
    assert ("auto", *engine.MODULES) == engine.ENGINES


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("all", set(KINDS)),
        ("none", set()),
        ("icc", {"icc"}),
        ("xmp,exif", {"exif", "xmp"}),
        ("iptc,comment,density,text", {"iptc", "comment", "density", "text"}),
    ],
)
def test_kinds_are_read_from_a_word_or_a_list(text, kinds):
    assert set(options.parse_kinds(text)) == kinds


@pytest.mark.parametrize(
    "text", ["", ",", "EXIF", "exif,", "exif, icc", "all,exif", "none,icc", "IPTC"]
)
def test_unknown_kinds_are_refused_with_the_legal_ones(text):
    with pytest.raises(UsageError, match="all, none, web, or some of exif,icc") as err:
        options.parse_kinds(text)
    assert repr(text) in str(err.value)
