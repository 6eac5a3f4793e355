"""A hotline with one of its guards taken out: what `make chaos` must then find (`--without NAME`).

The guards of the dialplan are taken out of the rendered file, those of the daemon within its own process:
`python -m tests.chaos.without NAME run --config FILE`. A guard that is not where it is looked for is an
error, so that none is taken for tried that was not.
"""

import asyncio
import re
import sys
from collections.abc import Callable
from inspect import isfunction
from pathlib import Path
from typing import Any, NamedTuple


class NoSuchGuard(Exception):
    """The guard is not where it is looked for: look where it is now."""


class Text(NamedTuple):
    """A guard in extensions.conf: what stands there (a pattern) and what stands there without it."""

    pattern: str
    without: str
    shows: str
    """What goes wrong then."""


DIALPLAN: dict[str, Text] = {
    "autofallthrough off": Text(r"autofallthrough=no\n", "", "lost"),
    "landing": Text(r"(?: same => n,NoOp\(\)\n){39}", "", "lost"),
    "caught": Text(r"exten => [tie],1,NoOp\(\)\n same => n,UserEvent\(ACDCaught.*\n.*\n", "", "lost"),
    "response timeout": Text(r" same => n,Set\(TIMEOUT\(response\)=.*\n", "", "lost"),
    "claim": Text(r" same => n,GotoIf\(\$\[\$\{GROUP_COUNT.*\n", "", "doubled"),
    "short talk": Text(r" same => n,GotoIf\(\$\[\$\{ACD_TALKED\}<\d+\]\?after\)\n", "", "lost"),
    "ledger of ends": Text(r",Set\(DB\(acd/\$\{ACD_CALL\}/z\)=.*\n", ",NoOp()\n", "untrue"),
    "ledger of waiting": Text(r",Set\(DB\(acd/\$\{ACD_CALL\}/w\)=.*\n", ",NoOp()\n", "untrue"),
    "ledger of talks": Text(r",Set\(DB\(acd/\$\{ACD_LEG\}/t\$.*\n", ",NoOp()\n", "untrue"),
    "ledger of degraded": Text(r"ExecIf\(.*Set\(DB\(acd/\$\{ACD_CALL\}/d\).*\n", "NoOp()\n", "untrue"),
}


def _standstill() -> None:
    from acd.runner import Runner
    from acd.standstill import Standstill

    def never(self: Standstill) -> int:
        return 0

    _needed("stood_ms", Runner)
    Standstill.stood_ms = never  # type: ignore[method-assign]


def _time_of_events() -> None:
    from acd.pbx.pbx_time import PbxTime
    from acd.pbx.port import PbxPort

    def now(self: PbxTime, stamp: float, now: float) -> float:
        return 0.0

    _needed("age", PbxPort)
    PbxTime.age = now  # type: ignore[method-assign]


def _sockets_read_empty() -> None:
    from acd.pbx.port import PbxPort
    from acd.runner import Runner

    async def not_waited(self: PbxPort) -> None:
        await asyncio.sleep(0)

    _needed("emptied", Runner)
    PbxPort.emptied = not_waited  # type: ignore[method-assign]


def _ledger_read() -> None:
    from acd import ledger

    def nothing(*_: Any) -> tuple[Any, ...]:
        return ()

    _needed("in_order", ledger.Ledger)
    ledger.in_order = nothing  # type: ignore[assignment]


def _needed(name: str, where: type) -> None:
    """Raises NoSuchGuard if what is taken out is not used in that class any more."""
    if not any(name in each.__code__.co_names for each in vars(where).values() if isfunction(each)):
        raise NoSuchGuard(f"{name} is not used by {where.__qualname__}")


DAEMON: dict[str, tuple[Callable[[], None], str]] = {
    "standstill": (_standstill, "torn"),
    "time of events": (_time_of_events, "untrue"),
    "sockets read empty": (_sockets_read_empty, "torn"),
    "ledger read": (_ledger_read, "untrue"),
}
NAMES = (*DIALPLAN, *DAEMON)


def take_out(name: str, extensions: Path) -> None:
    """Take a guard of the dialplan out of a rendered file; those of the daemon leave it alone."""
    guard = DIALPLAN.get(name)
    if guard is None:
        return
    text, count = re.subn(guard.pattern, guard.without, extensions.read_text(encoding="utf-8"))
    if not count:
        raise NoSuchGuard(f"{name}: {guard.pattern!r} stands nowhere in the dialplan")
    extensions.write_text(text, encoding="utf-8")


def main() -> None:
    """The daemon without a guard."""
    from acd import cli

    name = sys.argv[1]
    if name in DAEMON:
        DAEMON[name][0]()
    sys.argv = ["acd", *sys.argv[2:]]
    cli.main()


if __name__ == "__main__":
    main()
