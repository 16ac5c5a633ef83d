"""Shows functions with the options that they get when they are imported.

`comrec.system.options.takes` gives a function the options of a dataclass; griffe, which
only reads sources, would show `**options`.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from typing import Any

import griffe

GRIFFE_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: griffe.ParameterKind.positional_only,
    inspect.Parameter.POSITIONAL_OR_KEYWORD: griffe.ParameterKind.positional_or_keyword,
    inspect.Parameter.VAR_POSITIONAL: griffe.ParameterKind.var_positional,
    inspect.Parameter.KEYWORD_ONLY: griffe.ParameterKind.keyword_only,
    inspect.Parameter.VAR_KEYWORD: griffe.ParameterKind.var_keyword,
}


class Options(griffe.Extension):
    """Takes docstring and signature of such functions from the imported function."""

    def on_function_instance(
        self, *, node: ast.AST | griffe.ObjectNode, func: griffe.Function, **_: Any
    ) -> None:
        if not func.docstring or "{options}" not in func.docstring.value:
            return
        function = getattr(importlib.import_module(func.module.path), func.name)
        func.docstring.value = inspect.getdoc(function) or ""
        func.parameters = griffe.Parameters(
            *map(described, inspect.signature(function).parameters.values())
        )


def described(parameter: inspect.Parameter) -> griffe.Parameter:
    """Returns a parameter as griffe has it."""
    empty = inspect.Parameter.empty
    default, annotation = parameter.default, parameter.annotation
    return griffe.Parameter(
        parameter.name,
        annotation=None if annotation is empty else str(annotation),
        kind=GRIFFE_KINDS[parameter.kind],
        default=None if default is empty else repr(default),
    )
