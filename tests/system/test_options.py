"""Options as fields of a dataclass: checks, signature and documentation."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from comrec.errors import UsageError
from comrec.system import options
from comrec.system.options import Choice, Flag, Free, Positive, Whole, option


@dataclass(frozen=True)
class Cooking:
    """Options of no codec at all."""

    minutes: int | None = option(None, "time to cook", Whole(1, 90), letter="m")
    litres: float = option(1.5, "water, in litres", Positive(), metavar="L")
    dish: str = option("soup", "name of the dish", Choice(lambda: ("soup", "stew")))
    salted: bool = option(False, "add salt", Flag())
    note: object = option("", "any text", Free())
    cook: str = "nobody"  # a field that is no option

    def __post_init__(self) -> None:
        options.check(self)


def test_options_are_described_in_the_order_of_their_fields():
    found = options.describe(Cooking)
    assert list(found) == ["minutes", "litres", "dish", "salted", "note"]
    assert found["minutes"] == options.Option("time to cook", Whole(1, 90), "m")
    assert found["litres"].metavar == "L"


def test_defaults_are_those_of_the_fields():
    assert dataclasses.astuple(Cooking()) == (None, 1.5, "soup", False, "", "nobody")


@pytest.mark.parametrize(
    ("name", "given", "held"),
    [
        ("minutes", np.int64(90), 90),
        ("minutes", 1, 1),
        ("litres", 2, 2.0),
        ("litres", np.float32(0.5), 0.5),
        ("dish", "stew", "stew"),
        ("salted", 1, True),
        ("note", [1], [1]),
        ("cook", 7, 7),
    ],
)
def test_a_legal_value_has_one_form(name, given, held):
    found = getattr(Cooking(**{name: given}), name)
    assert found == held
    assert type(found) is type(held)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("minutes", 0, "minutes must be a whole number, 1 to 90. Received: 0"),
        ("minutes", 91, "minutes must be a whole number, 1 to 90. Received: 91"),
        ("minutes", True, "minutes must be a whole number, 1 to 90. Received: True"),
        ("litres", None, "litres must be a number above 0. Received: None"),
        ("litres", float("inf"), "litres must be a number above 0. Received: inf"),
        ("dish", "cake", "dish must be soup or stew. Received: 'cake'"),
        ("dish", ["soup"], "dish must be soup or stew. Received: ['soup']"),
    ],
)
def test_an_illegal_value_is_refused_with_the_legal_ones(name, value, said):
    with pytest.raises(UsageError) as refused:
        Cooking(**{name: value})
    assert str(refused.value).replace("`", "") == said


def test_a_whole_number_without_an_upper_bound_may_be_any():
    assert Whole(1).check("n", 10**30) == 10**30
    with pytest.raises(UsageError, match="1 or more"):
        Whole(1).check("n", 0)


def test_none_is_legal_only_where_it_is_the_default():
    assert Cooking(minutes=None).minutes is None
    with pytest.raises(UsageError):
        Cooking(dish=None)


@options.takes(Cooking)
def cook(kitchen: str, **given: Any) -> Cooking:
    """Cooks.

    Args:
      kitchen: a place.
      {options}

    Returns:
      The options.
    """
    return Cooking(**given)


def test_a_function_that_takes_options_names_them_in_its_signature():
    kitchen, *named = inspect.signature(cook).parameters.values()
    assert kitchen.kind is kitchen.POSITIONAL_OR_KEYWORD
    fields = dataclasses.fields(Cooking)
    assert [(p.name, p.default) for p in named] == [(f.name, f.default) for f in fields]
    assert all(p.kind is p.KEYWORD_ONLY for p in named)
    assert cook("here", minutes=3) == Cooking(minutes=3)


def test_the_list_of_options_takes_the_place_of_its_mark():
    lines = inspect.getdoc(cook).splitlines()
    start = lines.index("  kitchen: a place.") + 1
    assert lines[start : start + 5] == [
        "  minutes: time to cook.",
        "  litres: water, in litres.",
        "  dish: name of the dish.",
        "  salted: add salt.",
        "  note: any text.",
    ]
    assert "{options}" not in cook.__doc__


def test_long_help_is_wrapped_and_indented():
    @dataclass(frozen=True)
    class Long:
        name: str = option("", "word " * 30 + "end", Free())

    text = options._with_options("    {options}", options.describe(Long))
    first, *rest = text.splitlines()
    assert first.startswith("    name: word word")
    assert rest
    assert all(line.startswith("      word") and len(line) <= 88 for line in rest)
    assert text.endswith("end.")
