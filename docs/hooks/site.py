"""Adds to the site what is not a page of docs: the command line, and linked files.

MkDocs calls `on_files`, `on_page_markdown` and `on_post_build`. A page may link to any
file of the repository, as on a host of Git. Such files become part of the site, below
repository/.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from comrec.cli.main import parser

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
COMMAND_LINE = "reference/command-line.md"
LINK = re.compile(r"(?<=\]\()(?![a-z]+:)([^)#\s]+)")
LOADED = re.compile(
    r"""<(?:script|img|link)\b[^>]*?(?:src|href)=["']?((?:https?:)?//[^"'> ]+)"""
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the page of the command line, and the files that pages link to."""
    text = "\n".join(command_line(parser()))
    files.append(File.generated(config, COMMAND_LINE, content=text))
    pages = [Path(file.abs_src_path) for file in files.documentation_pages()
             if file.abs_src_path]  # fmt: skip
    pages += [
        ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
    ]
    for path in linked(pages):
        if not path.is_relative_to(DOCS):
            files.append(File.generated(config, uri(path), abs_src_path=str(path)))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Points links to files of the repository at their place in the site."""
    if not page.file.abs_src_path:
        return markdown
    folder = Path(page.file.abs_src_path).parent

    def point(match: re.Match[str]) -> str:
        path = (folder / match[1]).resolve()
        if not path.is_file():
            return match[1]  # MkDocs reports it
        return os.path.relpath(uri(path), os.path.dirname(page.file.src_uri) or ".")

    return LINK.sub(point, markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Ends the build if a page would load anything from another host."""
    for path in sorted(Path(config["site_dir"]).rglob("*.html")):
        for url in LOADED.findall(path.read_text()):
            raise PluginError(f"{path} loads {url}, which is on another host")


def linked(pages: list[Path]) -> Iterator[Path]:
    """Yields the pages and all files that they, and pages among these, link to."""
    found = set()
    while pages:
        path = pages.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        yield path
        if path.suffix == ".md":
            links = LINK.findall(path.read_text())
            pages += [(path.parent / link).resolve() for link in links]


def uri(path: Path) -> str:
    """Returns the place of a file of the repository in the site."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    return f"repository/{path.relative_to(ROOT).as_posix()}"


def command_line(command: argparse.ArgumentParser) -> Iterator[str]:
    """Yields the lines of a page about a parser and its commands."""
    level = len(command.prog.split())
    yield f"{'#' * level} {'The command line' if level == 1 else command.prog}\n"
    yield f"{command.description or ''}\n\n```text\n{usage(command)}\n```\n"
    for group in command._action_groups:
        lines = [row(action) for action in group._group_actions if is_listed(action)]
        if lines:
            yield f"| {group.title} | |\n|---|---|"
            yield from lines
            yield ""
    if command.epilog:
        title, _, text = command.epilog.partition("\n")
        yield f"{title}\n\n```text\n{text}\n```\n" if text else f"{title}\n"
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from command_line(each)


def usage(command: argparse.ArgumentParser) -> str:
    """Returns the usage of a command without the word in front of it."""
    text = command.format_usage().rstrip()
    return "\n".join(line[len("usage: ") :] for line in text.splitlines())


def is_listed(action: argparse.Action) -> bool:
    return not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)


def row(action: argparse.Action) -> str:
    """Returns the line of a table about an argument or an option.

    Choices stand behind the help, since a name with all of them is wide.
    """
    formatter = argparse.HelpFormatter("")
    text = formatter._expand_help(action)
    if action.choices and action.metavar is None:
        text += f"; one of {', '.join(f'`{choice}`' for choice in action.choices)}"
        names = action.option_strings or [action.dest.upper()]
    else:
        names = formatter._format_action_invocation(action).split(", ")
    return f"| {', '.join(f'`{name}`' for name in names)} | {text} |"
