"""The process that sends one message by Apprise, and ends: `python -m acd.alarms.apprising`.

It reads one JSON object from standard input ({"addresses", "title", "text", "seconds"}) and writes a list, by
address: "ok", "unknown" (Apprise knows no such address), "failed" or "late" (not known in so many seconds).
Addresses hold passwords: none is ever written.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Sequence

import apprise
from pydantic import BaseModel


class Asked(BaseModel):
    """What is read."""

    addresses: list[str]
    title: str
    text: str
    seconds: float


def sent(address: str, title: str, text: str) -> str:
    """Send it there."""
    way = apprise.Apprise()
    if not way.add(address):
        return "unknown"
    try:
        done = way.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    except Exception:  # noqa: BLE001 a service's own faults differ, and may name the address
        return "failed"
    return "ok" if done else "failed"


def all_sent(asked: Asked) -> Sequence[str]:
    """To all at once: one that does not answer keeps no other waiting."""
    found = ["late"] * len(asked.addresses)

    def send(place: int) -> None:
        found[place] = sent(asked.addresses[place], asked.title, asked.text)

    threads = [threading.Thread(target=send, args=(place,), daemon=True) for place in range(len(found))]
    for each in threads:
        each.start()
    until = time.monotonic() + asked.seconds
    for each in threads:
        each.join(max(0.0, until - time.monotonic()))
    return list(found)


def main() -> None:
    """As the module says. It ends without waiting for threads that are late."""
    asked = Asked.model_validate_json(sys.stdin.buffer.read())
    answer, sys.stdout = sys.stdout, sys.stderr  # whatever a service's code prints is no answer
    answer.write(json.dumps(all_sent(asked)))
    answer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
