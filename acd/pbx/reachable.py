"""Phones that died in a talk while nobody listened: qualify tells a change once, so we ask at link-up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

AT_ONCE = 100
"""So many phones are asked for at the same time."""

Reads = Callable[[str], Awaitable[str]]
"""A global function of Asterisk -> its value; "" where there is none to be had."""


async def unreachable(phones: Iterable[str], read: Reads) -> list[str]:
    """Those of the phones whose contact does not answer the PBX. One without a contact, or never asked, is
    not among them: it may be well."""

    async def is_unreachable(phone: str) -> bool:
        contact = await read(f"PJSIP_AOR({phone},contact)")
        return bool(contact) and await read(f"PJSIP_CONTACT({contact},status)") == "Unreachable"

    asked = sorted(set(phones))
    found: list[str] = []
    for begin in range(0, len(asked), AT_ONCE):
        some = asked[begin : begin + AT_ONCE]
        answers = await asyncio.gather(*map(is_unreachable, some))
        found += [phone for phone, dead in zip(some, answers, strict=True) if dead]
    return found
