"""A report as one HTML file: nothing is fetched, no script runs, and its content policy says so."""

import base64
import hashlib
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from simulation.pictures import INK, LINE, PAPER, SOFT, size_of
from simulation.report.document import Document, Picture

_THEME: Final = {
    "ink": (INK, "#eef3f6"),
    "soft": (SOFT, "#b3c0c9"),
    "line": (LINE, "#33434e"),
    "paper": (PAPER, "#18232b"),
}
"""Colours of a drawing on a light and on a dark ground."""


class Other(NamedTuple):
    """The same report in the other language, beside this one."""

    path: str
    language: str


class Shown(NamedTuple):
    """A picture as the page holds it: a data address, and its size in pixels."""

    source: str
    width: int
    height: int


def page(document: Document, other: Other | None = None) -> str:
    """The whole page."""
    loader = PackageLoader("simulation.report", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, _, _ = loader.get_source(environment, "page.css")
    pictures = {
        block.key: _shown(block)
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Picture)
    }
    return environment.get_template("page.html.j2").render(
        document=document,
        words=document.words,
        other=other,
        pictures=pictures,
        style=Markup(style),  # noqa: S704 - the project's own file
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
    )


def _shown(picture: Picture) -> Shown:
    text = themed(picture.svg.decode())
    width, height = (round(each * 4 / 3) for each in size_of(picture.svg))
    return Shown(f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}", width, height)


def themed(svg: str) -> str:
    """A drawing that follows the reader's choice of light or dark."""
    light = ";".join(f"--{name}:{colour}" for name, (colour, _) in _THEME.items())
    dark = ";".join(f"--{name}:{colour}" for name, (_, colour) in _THEME.items())
    for name, (colour, _) in _THEME.items():
        svg = svg.replace(colour, f"var(--{name})")
    rule = f"<style>:root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    end = svg.index(">") + 1
    return svg[:end] + rule + svg[end:]
