"""What the dialplan's ledger costs: writing a call's lines, and reading and parsing many calls at link-up.

`python -m tests.bench.ledger [CALLS]` starts an Asterisk of its own and prints one line a figure.
"""

import asyncio
import sys
import time

from acd import ledger
from acd.demo.hotline import PROJECT, Hotline
from acd.pbx.contexts import NOW_MS, note
from acd.pbx.link import AmiLink

CALLS = 2_000
LINES = (
    note("a", "+4920188000000"),
    note("l", "uk"),
    note("w", "uk", "registration"),
    note("r1", "p04", "30064771077"),
    note("t1"),
    note("e1", "ANSWER"),
    note("z", "staff", "16"),
)
"""A call that was answered."""


def context(name: str, apps: tuple[str, ...], calls: int) -> str:
    """A loop over so many calls; says how many ms it took."""
    body = "\n".join(f" same => n,{app}" for app in apps)
    return f"""
[{name}]
exten => s,1,Set(BEGAN={NOW_MS})
 same => n,Set(N=0)
 same => n(next),Set(ACD_CALL=17957{name[-1]}0000.${{N}})
{body}
 same => n,Set(N=$[${{N}}+1])
 same => n,GotoIf($[${{N}}<{calls}]?next)
 same => n,UserEvent(ACDBench,Name: {name},Ms: $[{NOW_MS}-${{BEGAN}}])
 same => n,Hangup()
"""


async def measure(calls: int) -> None:
    """Print the figures."""
    idle = tuple("NoOp()" for _ in LINES)
    contexts = context("bench0", idle, calls) + context("bench1", LINES, calls)
    async with Hotline(
        PROJECT / "config" / "welcomecenter.toml", {}, [("extensions.conf", contexts)]
    ) as line:
        pbx = line.centre.pbx
        link = await AmiLink.connect(pbx.ami_host, pbx.ami_port, pbx.ami_user, line.secrets.ami)
        took: dict[str, int] = {}
        for name in ("bench0", "bench1"):
            action = {"Action": "Originate", "Channel": f"Local/s@{name}/n", "Application": "NoOp"}
            await link.ask(action)
            while (frame := await link.next()).get("UserEvent") != "ACDBench":
                pass
            took[name] = int(frame.get("Ms"))
        each = (took["bench1"] - took["bench0"]) / calls
        print(f"writing {len(LINES)} lines a call: {each:.3f} ms a call ({calls} calls)")
        began = time.perf_counter()
        frames = await link.ask_list(ledger.TREE)
        read = time.perf_counter()
        rows = ledger.rows("pbx1", ledger.notes(frames))
        parsed = time.perf_counter()
        print(
            f"reading {len(frames)} lines: {1000 * (read - began):.0f} ms, of which the loop is free to work"
        )
        print(f"parsing {len(rows)} calls: {1000 * (parsed - read):.0f} ms")
        await link.aclose()


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS))
