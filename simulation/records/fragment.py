"""Measured numbers as a scenario file of their own, which extends the one they were compared with."""

import json

from simulation.records.history import History
from simulation.records.measured import Measured, Part, Shaped
from simulation.scenarios.refusal import doubt


def fragment(parts: tuple[Part, ...], history: History, extends: str) -> str:
    """The text of the file. extends: the other file, as the key of the same name takes it.

    What was kept, and what is known of the fit, stand in comments.
    """
    lines = [
        f"# Fitted from the centre's records {history.shown()}.",
        "# What is not in here is taken from the file that this one extends.",
        f"extends = {_text(extends)}",
    ]
    tables: dict[str, list[str]] = {}
    for part in parts:
        about = [
            *part.said,
            *(f"not fitted, {reason}: {', '.join(each)}" for reason, each in kept(part).items()),
            *(
                f"{each.what}: {figure(each.interval.value)} {each.unit}, n = {each.n}"
                for each in part.numbers
                if not each.key and not each.kept
            ),
        ]
        if about:
            lines += ["", f"# {part.title}", *(f"#   {each}" for each in about)]
        for each in part.numbers:
            if each.key and not each.kept:
                tables.setdefault(each.key.rpartition(".")[0], []).append(_line(each, history))
        for shape in part.shapes:
            tables.setdefault(shape.key.rpartition(".")[0], []).append(_shape(shape, history))
    for table, written in tables.items():
        lines += ["", f"[{table}]", *written]
    return "\n".join(lines) + "\n"


def kept(part: Part) -> dict[str, list[str]]:
    """What stays as it was, by the reason."""
    found: dict[str, list[str]] = {}
    for each in part.numbers:
        if each.kept:
            found.setdefault(each.kept, []).append(f"{each.what} ({each.n})")
    return found


def figure(value: float) -> str:
    """Four digits that count, without an exponent, and never to be read in two ways."""
    text = f"{float(f'{value:.4g}'):.12f}".rstrip("0").rstrip(".")
    return f"{text}0" if doubt(text) else text


def _line(each: Measured, history: History) -> str:
    source = (
        f"fitted from the centre's records {history.shown()}, n = {each.n} ({each.counted}), "
        f"95 % {figure(each.interval.low)} to {figure(each.interval.high)}"
    )
    value, unit = figure(each.interval.value), _text(each.unit)
    return f"{each.key.rpartition('.')[2]} = {{ value = {value}, unit = {unit}, source = {_text(source)} }}"


def _shape(each: Shaped, history: History) -> str:
    name = each.key.rpartition(".")[2]
    if not each.shares:
        return f"{name} = {_text(each.family)}"
    shares, values = (", ".join(map(_plain, some)) for some in (each.shares, each.values))
    source = _text(f"measured in the centre's records {history.shown()}, n = {each.n}")
    return f"{name} = {{ shares = [{shares}], values = [{values}], source = {source} }}"


def _plain(value: float) -> str:
    """All digits that it has, without an exponent."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return f"{text}0" if doubt(text) else text


def _text(value: str) -> str:
    """A basic string of TOML; JSON's are, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
