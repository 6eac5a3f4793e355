"""What things are called on the pages of the hotline: languages, concerns, reasons for not being ready."""

from collections.abc import Mapping

from acd.web.deps import WebDeps
from agents.model import UNDETERMINED
from config.words import words
from routing.privacy import MERGED


def names(deps: WebDeps, code: str) -> dict[str, Mapping[str, str]]:
    """In a page language; merged cells and a language that is not known have names too."""
    called, said = deps.names(), words(code, "live")
    return {
        "languages": {
            **called.languages,
            UNDETERMINED: said["undetermined"],
            MERGED: said["merged_languages"],
        },
        "concerns": {
            **{key: each.get(code, key) for key, each in called.concerns.items()},
            MERGED: said["merged_concerns"],
        },
        "reasons": {key: each.get(code, key) for key, each in deps.desk_choices().reasons.items()},
    }
