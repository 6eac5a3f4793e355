"""Phones that died in a talk while nobody listened: qualify tells a change once, so we ask at link-up."""

from collections.abc import Awaitable, Callable, Iterable

Reads = Callable[[str], Awaitable[str]]
"""A global function of Asterisk -> its value; "" where there is none to be had."""


async def unreachable(phones: Iterable[str], read: Reads) -> list[str]:
    """Those of the phones whose contact does not answer the PBX. One without a contact, or never asked, is
    not among them: it may be well."""
    found: list[str] = []
    for phone in sorted(set(phones)):
        contact = await read(f"PJSIP_AOR({phone},contact)")
        if contact and await read(f"PJSIP_CONTACT({contact},status)") == "Unreachable":
            found.append(phone)
    return found
