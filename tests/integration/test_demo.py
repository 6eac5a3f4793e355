"""The demonstration as somebody runs it: it shows the page, and ends with everything that it began."""

import asyncio
import os
import signal
import sys

import pytest

PROGRAM = "from acd.cli import main; main()"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
async def test_it_ends_as_a_whole_however_it_is_told_to(number: signal.Signals) -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, "demo", stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert demo.stdout is not None
    async with asyncio.timeout(120):
        said = ""
        while "live page:" not in said:
            line = await demo.stdout.readline()
            assert line, said
            said += line.decode()
        demo.send_signal(number)
        rest = (await demo.stdout.read()).decode()
        assert await demo.wait() == 0
    assert "stopped; nothing is left behind" in rest
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)
