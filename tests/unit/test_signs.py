"""A phone that answers an INVITE with no more than 100 lives; one that answers nothing may be dead."""

import asyncio

from acd.pbx.codec import Frame
from acd.pbx.signs import Signs
from routing.events import Leg, PhoneRang

CHANNEL = "PJSIP/p04-00000001"


def frame(**headers: str) -> Frame:
    return Frame(tuple(headers.items()))


BEGIN = frame(Event="DialBegin", Uniqueid="1.1", DestUniqueid="1.2", DestChannel=CHANNEL)


class Asked:
    """Answers in their order, and the questions."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[tuple[str, str]] = []
        self.rang: list[PhoneRang] = []
        self.signs = Signs("pbx1", self.ask, self.rang.append, pauses_s=(0, 0, 0))

    async def ask(self, channel: str, variable: str) -> str:
        self.questions.append((channel, variable))
        return self.answers.pop(0)

    async def settled(self) -> None:
        """Until no dial is watched any more."""
        async with asyncio.timeout(5):
            while self.signs._watched:  # noqa: ASYNC110 three steps of the loop
                await asyncio.sleep(0)


async def test_a_hundred_alone_is_a_sign() -> None:
    asked = Asked("", "SIP 100 Trying")
    asked.signs.saw(BEGIN)
    await asked.settled()
    assert asked.questions == [("1.1", f"HANGUPCAUSE({CHANNEL},tech)")] * 2
    assert asked.rang == [PhoneRang(Leg("pbx1", "1.2"))]


async def test_silence_and_refusals_are_none() -> None:
    asked = Asked("", "", "SIP 503 Service Unavailable")
    asked.signs.saw(BEGIN)
    await asked.settled()
    assert len(asked.questions) == 3
    assert asked.rang == []


async def test_nobody_is_asked_where_asterisk_tells_by_itself() -> None:
    for word in (
        frame(Event="DialState", DestUniqueid="1.2", DialStatus="RINGING"),
        frame(Event="Hangup", Uniqueid="1.2"),
    ):
        asked = Asked()
        asked.signs.saw(BEGIN)
        asked.signs.saw(word)
        await asked.settled()
        assert asked.questions == []


async def test_a_lost_link_leaves_nothing_behind() -> None:
    asked = Asked()
    asked.signs.saw(BEGIN)
    asked.signs.close()
    await asked.settled()
    assert asked.questions == []
