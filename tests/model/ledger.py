"""What the dialplan writes down in AstDB while calls run: whole seconds, no numbers, kept through a death."""

from routing.events import LedgerOutside, LedgerRing, LedgerRow, LedgerStep, LedgerTalk, Leg
from tests.model.channels import Channel, Dial


def _s(ms: int) -> int:
    return ms // 1000 * 1000


class Ledger:
    """Rows by caller's leg. Each write has its time, so that the last ones can be lost."""

    def __init__(self) -> None:
        self.rows: dict[Leg, LedgerRow] = {}
        self._before: list[tuple[int, Leg, LedgerRow | None]] = []

    def _write(self, now: int, row: LedgerRow) -> None:
        before = self._before
        before.append((now, row.leg, self.rows.get(row.leg)))
        if len(before) > 200:
            del before[:100]
        self.rows[row.leg] = row

    def lose_last(self, now: int, ms: int) -> None:
        """What was written in the last `ms` before a death never reached the disk."""
        while self._before and self._before[-1][0] > now - ms:
            _, leg, row = self._before.pop()
            if row is None:
                self.rows.pop(leg, None)
            else:
                self.rows[leg] = row
        self._before.clear()

    def delete(self, leg: Leg) -> None:
        self.rows.pop(leg, None)

    def arrived(self, caller: Channel, line: str, now: int) -> None:
        row = LedgerRow(caller.leg, line, "", "", "", _s(now), 0, 0, 0, (), (), 0, "", 0)
        self._write(now, row)

    def need(self, caller: Channel, now: int) -> None:
        """Language, concern or second language, and when the caller began to wait, as they are now."""
        self._change(
            caller,
            now,
            language=caller.language,
            concern=caller.concern,
            second=caller.second,
            queued_ms=_s(caller.queued_ms),
        )

    def recording(self, caller: Channel, step: LedgerStep) -> None:
        """What became of recording this caller."""
        if (row := self.rows.get(caller.leg)) is not None:
            self._change(caller, step.at_ms, recording=(*row.recording, step))

    def outside(self, caller: Channel, rule: str, now: int) -> None:
        """On the way outside."""
        if (row := self.rows.get(caller.leg)) is not None:
            self._change(caller, now, outside=(*row.outside, LedgerOutside(_s(now), rule)))

    def outside_answered(self, caller: Channel, now: int) -> None:
        self._outside(caller, now, answered_ms=_s(now))

    def outside_over(self, caller: Channel, now: int) -> None:
        self._outside(caller, now, ended_ms=_s(now))

    def _outside(self, caller: Channel, now: int, **fields: int) -> None:
        row = self.rows.get(caller.leg)
        if row is not None and row.outside:
            self._change(caller, now, outside=(*row.outside[:-1], row.outside[-1]._replace(**fields)))

    def degraded(self, caller: Channel, now: int) -> None:
        row = self.rows.get(caller.leg)
        if row is not None and not row.degraded_ms:
            self._change(caller, now, degraded_ms=_s(now))

    def closed(self, caller: Channel, now: int) -> None:
        self._change(caller, now, closed_ms=_s(now))

    def ring(self, dial: Dial) -> None:
        row = self.rows.get(dial.caller.leg)
        if row is not None:
            ring = LedgerRing(dial.phone, dial.offer, _s(dial.began_ms), "")
            self._change(dial.caller, dial.began_ms, rings=(*row.rings, ring))

    def rang(self, dial: Dial, status: str, now: int) -> None:
        row = self.rows.get(dial.caller.leg)
        if row is not None and row.rings and not row.rings[-1].status:
            rings = (*row.rings[:-1], row.rings[-1]._replace(status=status, ended_ms=_s(now)))
            self._change(dial.caller, now, rings=rings)

    def talk(self, caller: Channel, dial: Dial, now: int) -> None:
        self.rang(dial, "ANSWER", now)
        row = self.rows.get(caller.leg)
        if row is not None:
            self._change(caller, now, talks=(*row.talks, LedgerTalk(dial.phone, dial.offer, _s(now), 0)))

    def parted(self, caller: Channel, now: int) -> None:
        row = self.rows.get(caller.leg)
        if row is not None and row.talks:
            talks = (*row.talks[:-1], row.talks[-1]._replace(ended_ms=_s(now)))
            self._change(caller, now, talks=talks)

    def ended(self, caller: Channel, now: int, by: str, cause: int) -> None:
        self._change(caller, now, ended_ms=_s(now), by=by, cause=cause)

    def _change(self, caller: Channel, now: int, **fields: object) -> None:
        row = self.rows.get(caller.leg)
        if row is not None:
            self._write(now, row._replace(**fields))  # type: ignore[arg-type]

    def read(self) -> tuple[LedgerRow, ...]:
        """All rows in the order of arrival."""
        return tuple(
            sorted(self.rows.values(), key=lambda row: (row.arrived_ms, len(row.leg.uid), row.leg.uid))
        )
