"""What the public form says in each language: its own words, and what concerns are called to callers."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.load import ConfigFaults, Fault
from config.schema import Centre
from config.words import places

FOLDER: Final = Path(__file__).parent / "words" / "request"
FIRST: Final = "de"
"""The language by whose words all others are judged."""

Words = Mapping[str, str]


def books(centre: Centre, prompts: Path) -> dict[str, tuple[Words, Words]]:
    """Language -> the form's words, and the names of the centre's concerns. prompts: the folder of the
    sentences, in which concerns have their names. Raises ConfigFaults."""
    faults: list[Fault] = []
    found: dict[str, tuple[Words, Words]] = {}
    first = _read(FOLDER / f"{FIRST}.toml", faults)
    for code in centre.languages:
        path = FOLDER / f"{code}.toml"
        words = _read(path, faults)
        for key in first if words else ():
            if key not in words:
                faults.append(Fault(str(path), key, "is missing"))
            elif places(words[key]) != places(first[key]):
                faults.append(Fault(str(path), key, f"has other blanks than {FIRST}.toml"))
        names: object = _read(prompts / f"{code}.toml", faults).get("concern")
        named: Words = names if isinstance(names, Mapping) else {}
        lacking = [key for key in centre.concerns if named and key not in named]
        faults += [Fault(str(prompts / f"{code}.toml"), f"concern.{key}", "is missing") for key in lacking]
        found[code] = (words, {key: named.get(key, key) for key in centre.concerns})
    if faults:
        raise ConfigFaults(faults)
    return found


def _read(path: Path, faults: list[Fault]) -> dict[str, str]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        faults.append(Fault(str(path), "file", f"cannot be used: {type(fault).__name__}"))
        return {}
