"""What the rendered acd-hours answers at a moment: its lines, walked one by one as Asterisk would."""

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

INNERMOST = re.compile(r"\$\{([^${}\[\]]*)\}|\$\[([^$\[\]{}]*)\]")
COMPARED = re.compile(r"(.*?)(<=|>=|!=|=|<|>)(.*)")
COMPARES: dict[str, Callable[[int, int], bool]] = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
STEPS_MAX = 10_000


class Hours:
    """acd-hours of an extensions.conf, and who asks: a caller in a language, for a concern.

    open() asks as the menus do, opens() as acd-closed does.
    """

    def __init__(self, text: str, language: str = "de", concern: str = "") -> None:
        self._rows: dict[str, list[tuple[str, str, str]]] = {}
        self._caller = {"ACD_LANG": language, "ACD_CONCERN": concern}
        self._said: dict[str, str] = {}
        self._now = 0
        block = text[text.index("[acd-hours]") : text.index("[acd-closed]")]
        for line in block.splitlines():
            if first := re.fullmatch(r"exten => ([^,]+),1,(\w+)\((.*)\)", line):
                self._here = self._rows[first[1]] = [("", first[2], first[3])]
            elif later := re.fullmatch(r" same => n(?:\((\w+)\))?,(\w+)\((.*)\)", line):
                self._here.append((later[1] or "", later[2], later[3]))

    def open(self, now: int) -> bool:
        """Whether a caller goes on at this second."""
        went = self._walk(now, "s", ACD_NEXT="acd-concern,s,1")
        assert went in ("acd-concern,s,1", "acd-closed,s,1")
        return went == "acd-concern,s,1"

    def opens(self, now: int) -> str:
        """The sound that says when it opens next; "" for none."""
        assert self._walk(now, "look", ACD_ELSE="") == "acd-closed,say,1"
        return self._said["ACD_OPENS"]

    def why(self, now: int) -> str:
        """The sound of the closure that is in force at this second; "" for none."""
        self._walk(now, "look", ACD_ELSE="")
        return self._said["ACD_WHY"]

    def _walk(self, now: int, extension: str, **given: str) -> str:
        """Where the caller leaves the context."""
        self._now, self._said = now, {**self._caller, **given}
        here, at = extension, 0
        for _ in range(STEPS_MAX):
            _, app, args = self._rows[here][at]
            goal = self._step(app, args)
            if goal is None:
                at += 1
                continue
            parts = goal.split(",")
            if len(parts) == 3:
                return goal
            here = parts[0] if len(parts) == 2 else here
            at = self._place(here, parts[-1])
        raise AssertionError(f"no end at {now}")

    def _place(self, extension: str, priority: str) -> int:
        if priority == "1":
            return 0
        return next(i for i, row in enumerate(self._rows[extension]) if row[0] == priority)

    def _step(self, app: str, args: str) -> str | None:
        if app == "Set":
            name, _, value = self._filled(args).partition("=")
            self._said[name] = value
            return None
        if app == "Goto":
            return self._filled(args)
        condition, _, then = args.partition("]?")
        holds = self._filled(condition + "]") == "1"
        if app == "ExecIf":
            assert then.startswith("Set(")
            return self._step("Set", then[4:-1]) if holds else None
        assert app == "GotoIf"
        yes, _, no = self._filled(then).partition(":")
        return (yes if holds else no) or None

    def _filled(self, text: str) -> str:
        while found := INNERMOST.search(text):
            value = self._variable(found[1]) if found[1] is not None else self._expression(found[2])
            text = text[: found.start()] + value + text[found.end() :]
        return text

    def _variable(self, text: str) -> str:
        if text == "EPOCH":
            return str(self._now)
        name, bracket, args = text.removesuffix(")").partition("(")
        if not bracket:
            return self._said.get(name, "")
        if name == "DIALPLAN_EXISTS":
            return str(int(args.split(",")[1] in self._rows))
        if name == "CUT":
            variable, by, field = args.split(",")
            return self._said[variable].split(by)[int(field) - 1]
        if name == "SHIFT":
            variable, by = args.split(",")
            first, _, self._said[variable] = self._said[variable].partition(by)
            return first
        assert name == "STRFTIME", name
        moment, zone, pattern = args.split(",")
        return datetime.fromtimestamp(int(moment), ZoneInfo(zone)).strftime(pattern)

    def _expression(self, text: str) -> str:
        if " | " in text:
            return str(int(any(self._expression(part) == "1" for part in text.split(" | "))))
        if " & " in text:
            return str(int(all(self._expression(part) == "1" for part in text.split(" & "))))
        if compared := COMPARED.fullmatch(text):
            left, sign, right = (part.strip() for part in compared.groups())
            if '"' in text:
                return str(int((left == right) == (sign == "=")))
            return str(int(COMPARES[sign](_sum(left), _sum(right))))
        return str(_sum(text))


def _sum(text: str) -> int:
    assert re.fullmatch(r"-?\d+([-+*]\d+)*", text), text
    value: int = eval(re.sub(r"\b0+(?=\d)", "", text), {})
    return value
