"""Overflow with a whole daemon: who is outside when it dies is taken up again, and the records tell."""

import socket

from acd.demo.hotline import NUMBER
from acd.demo.ports import free_port
from acd.demo.sipp import PHONE_ADDRESS
from tests.integration.conftest import QUICK, SOURCE, Watched, waiting

GATEWAY = free_port(socket.SOCK_DGRAM, PHONE_ADDRESS)
TURKISH = [(300, "4"), (1_500, "9")]
RULE = {
    "name": "partner",
    "nobody": True,
    "then": "outside",
    "outside": {
        "name": "Another office",
        "number": "+4920155500000",
        "gateway": f"sip:{PHONE_ADDRESS}:{GATEWAY}",
    },
}


async def test_a_daemon_that_dies_while_somebody_outside_talks_knows_what_became_of_it() -> None:
    async with Watched(SOURCE, QUICK | {"overflow": [RULE]}) as hotline:
        gateway = await hotline.sipp.gateway(GATEWAY, talk_ms=12_000)
        await hotline.start_daemon()
        await hotline.sipp.call(NUMBER, TURKISH)
        sent = await hotline.row("select * from overflow", timeout_s=30)
        assert (sent["rule"], sent["then"]) == ("partner", "outside")
        await hotline.stop_daemon(kill=True)
        await hotline.start_daemon()
        await hotline.until("nobody waits", lambda board: waiting(board) == 0)
        ended = await hotline.row(
            "select * from visit where id = ? and outcome != ''", sent["visit"], timeout_s=60
        )
        assert (ended["outcome"], ended["ended_by"]) == ("forwarded", "pbx")
        assert ended["answered_at"] is None
        await hotline.no_drift()
        await gateway.end()
