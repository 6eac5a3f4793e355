"""Which answer belongs to which question: the table of ActionIDs, and lists put together from events."""

from dataclasses import dataclass, field

from acd.pbx.codec import Frame

ITEMS_MAX = 200_000
DONE = frozenset({"Complete", "Cancelled"})


@dataclass(slots=True)
class Listing:
    """A list answer on its way. `whole` once its end came; `fault` if it was refused.

    place: how many events the PBX had sent when it began to answer, -1 before; began: when we read that (loop
    time); followed: the Timestamp of the first event behind it, "" while there is none. What AMI says is one
    stream: events before the place are older than the answer, others are newer.
    """

    place: int = -1
    began: float = 0.0
    items: list[Frame] = field(default_factory=list)
    replied: bool = False
    ended: bool = False
    fault: str = ""
    followed: str = ""

    @property
    def whole(self) -> bool:
        """Reply and end have come, in whichever order, or it was refused."""
        return bool(self.fault) or (self.replied and self.ended)


class Correlator:
    """Open questions by ActionID. One that nobody waits for any more is closed by its asker."""

    def __init__(self) -> None:
        self._open: dict[str, Listing] = {}

    def open(self, action_id: str) -> Listing:
        """Expect a list under this id."""
        listing = self._open[action_id] = Listing()
        return listing

    def close(self, action_id: str) -> None:
        """Expect nothing more under this id."""
        self._open.pop(action_id, None)

    def __len__(self) -> int:
        return len(self._open)

    def take(self, frame: Frame) -> Listing | None:
        """Put a frame to the list it belongs to; None if it belongs to none."""
        listing = self._open.get(frame.get("ActionID"))
        if listing is None:
            return None
        if frame.get("Response"):
            listing.replied = True
            if frame.get("Response") != "Success":
                listing.fault = frame.get("Message") or "refused"
        elif frame.get("EventList") in DONE:
            listing.ended = True
            if frame.get("EventList") == "Cancelled":
                listing.fault = "cancelled"
        elif len(listing.items) < ITEMS_MAX:
            listing.items.append(frame)
        else:
            listing.fault = f"more than {ITEMS_MAX} items"
        return listing
