"""The whole daemon stopped again and again while calls come in: no talk is torn by what it missed.

PAUSES=100 for the long run; each pause is 0.1 to 3 s. Phones say nothing for up to 1.9 s before they ring,
so that a silent phone's lease (2 s) often ends while the daemon is away.
"""

import asyncio
import os
import random
import signal
from pathlib import Path

from tests.fakes.attached import attached, phones
from tests.fakes.pbx import FakePbx, Phone

PAUSES = int(os.environ.get("PAUSES", "6"))
STAFF = 30
CALLS_A_SECOND = 7
REFUSED = {each: {"away_after": 0, "retry_seconds": 5} for each in ("declined", "no_answer", "unreachable")}


async def call_for_ever(pbx: FakePbx, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.expovariate(CALLS_A_SECOND))
        pbx.caller("de", "other")


async def test_no_talk_is_torn_by_a_daemon_that_is_stopped_again_and_again(tmp_path: Path) -> None:
    chance = random.Random(2016)
    changes = {"staffing": {"wrap_up_seconds": 0}, "routing": {"refused": REFUSED, "reserve": []}}

    def phone(number: int) -> Phone:
        return Phone(number * 10, 2_000, silent_ms=chance.randrange(1_950))

    async with FakePbx(phones(STAFF)) as pbx, attached(pbx, tmp_path, changes, phone) as there:
        calling = asyncio.create_task(call_for_ever(pbx, chance))
        try:
            for _ in range(PAUSES):
                await asyncio.sleep(chance.uniform(0.3, 1.5))
                there.daemon.send_signal(signal.SIGSTOP)
                await asyncio.sleep(chance.uniform(0.1, 3.0))
                there.daemon.send_signal(signal.SIGCONT)
        finally:
            calling.cancel()
        print(f"{pbx.talks} talks, {len(pbx.torn)} torn, {PAUSES} pauses")
        assert pbx.torn == []
        async with asyncio.timeout(60):
            await pbx.quiet()
    assert pbx.torn == []
    assert pbx.talks > PAUSES, "the load was there"
