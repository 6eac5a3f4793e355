"""A desk's doors without a daemon, over an engine's world that only the test moves; and a desk as it looks
in the middle of a day, for pages, pictures and measurements."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acd.deskwork import Before, Day, Earlier, Word
from acd.identity import Asker, Role
from acd.web.deps import Accepted, Because, DeskChoices, Names
from acd.woken import Woken
from routing import events as ev
from routing.desk import DeskView, OpenThreat, desk, open_threats
from routing.facts import Fact
from tests.fakes.admits import person
from tests.fakes.centre import NODE, POLICY, Bench

BIRGIT = person("birgit", Role.STAFF, agent="birgit")
COOKIE = "birgit"
CHOICES = DeskChoices(
    {
        "break": {"de": "Pause", "en": "Break"},
        "counter": {"de": "Am Schalter", "en": "At the counter"},
        "case_work": {"de": "Fallbearbeitung", "en": "Case work"},
        "meeting": {"de": "Besprechung", "en": "Meeting"},
    },
    {
        "answered": {"de": "Frage beantwortet", "en": "Question answered"},
        "appointment": {"de": "Termin vereinbart", "en": "Appointment made"},
        "documents": {"de": "Unterlagen angefordert", "en": "Documents asked for"},
        "passed_on": {"de": "An andere Stelle verwiesen", "en": "Sent to another office"},
        "follow_up": {"de": "Noch zu erledigen", "en": "Still to do"},
    },
    (10, 20, 30),
    24,
)
NAMES = Names(
    "Welcome- und ServiceCenter Essen",
    {"de": "Deutsch", "ar": "العربية", "tr": "Türkçe", "en": "English"},
    {
        "other": {"de": "Etwas anderes", "en": "Something else"},
        "study": {"de": "Schule, Ausbildung und Studium", "en": "School, training and studies"},
        "registration": {"de": "Anmeldung und Dokumente", "en": "Registration and documents"},
    },
)
PHONE = ev.Leg(NODE, "p")


class BenchDesk:
    """Implements acd.web.deps.Desk. asked: what was asked for, in order."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.woken = Woken()
        self.asked: list[tuple[str, Any]] = []
        self.texts: dict[str, Mapping[str, str]] = {}
        self.earlier: tuple[Earlier, ...] = ()
        self.sound: Path | None = None

    def tell(self, event: ev.Event, after_ms: int = 1) -> tuple[Fact, ...]:
        """Something happens, and the desks that it concerns are woken."""
        said = tuple(self.bench.tell(event, after_ms).facts)
        self.woken.facts(1, said)
        return said

    async def view(self, by: Asker) -> DeskView | None:
        return desk(self.bench.engine.world, by.agent, self.bench.now)

    def version(self, by: Asker) -> int:
        return self.woken.version(by.agent)

    async def changed(self, by: Asker, version: int) -> int:
        return await self.woken.after(by.agent, version)

    async def before(self, by: Asker, visit: int) -> Before:
        return Before(self.earlier, self.texts)

    async def message(self, by: Asker, visit: int) -> Path | None:
        left = self.bench.engine.world.visits.get(visit)
        return self.sound if left is not None and left.message else None

    async def notes(self, by: Asker) -> Mapping[str, Mapping[str, str]]:
        return self.texts

    async def today(self, by: Asker) -> Day:
        return Day(14, 4_271_000, 815_000, 1)

    def _did(self, what: str, values: Any, event: ev.Event) -> Accepted:
        self.asked.append((what, values))
        self.tell(event)
        return Accepted(True, "")

    async def ask(self, by: Asker, what: str, reason: str) -> Accepted:
        return self._did(what, reason, ev.StaffAsked(by.agent, "", what, reason, None))

    async def quiet(self, by: Asker, minutes: int) -> Accepted:
        return self._did("quiet", minutes, ev.QuietAsked(by.agent, minutes))

    def _keep(self, note: Mapping[str, str]) -> str:
        ref = f"n{len(self.texts)}" if any(note.values()) else ""
        if ref:
            self.texts[ref] = dict(note)
        return ref

    async def close(
        self, by: Asker, visit: int, outcome: str, note: Mapping[str, str], case: str
    ) -> Accepted:
        kept = self._keep(note)
        return self._did(
            "close", (outcome, dict(note), case), ev.HandlingClosed(visit, by.agent, outcome, kept, case)
        )

    async def case(self, by: Asker, visit: int, reference: str, *, new: bool) -> Accepted:
        if reference == "K-0":
            return Accepted(False, "unknown_case")
        return self._did("case", (reference, new), ev.HandlingClosed(visit, by.agent, "", "", reference))

    async def hand_over(self, by: Asker, visit: int, to: str, note: Mapping[str, str]) -> Accepted:
        return self._did("hand_over", to, ev.HandedOver(visit, by.agent, to, self._keep(note)))

    async def handover_done(self, by: Asker, handover: int) -> Accepted:
        return self._did("done", handover, ev.HandoverDone(handover, by.agent))

    async def threat(self, by: Asker, visit: int, note: Mapping[str, str], block: bool) -> Accepted:
        block_ms = 86_400_000 if block else 0
        return self._did("threat", block, ev.ThreatTold(visit, by.agent, self._keep(note), block_ms))

    async def threats(self) -> tuple[OpenThreat, ...]:
        return open_threats(self.bench.engine.world)

    async def threat_seen(self, by: Asker, visit: int, why: Because) -> Accepted:
        return self._did("threat_seen", by.actor, ev.ThreatSeen(visit))

    async def unblock(self, by: Asker, visit: int, why: Because) -> Accepted:
        return self._did("unblock", by.actor, ev.TokenUnblocked(visit))

    # --- what happens to a call ----------------------------------------------------------------------

    def rings(
        self,
        uid: str = "9",
        language: str = "de",
        concern: str = "study",
        case: str = "",
        waited_ms: int = 0,
    ) -> int:
        """A call rings at Birgit's; the visit's number."""
        leg = ev.Leg(NODE, uid)
        self.tell(ev.CallArrived(leg, "line"))
        self.tell(ev.CallerKnown(leg, f"token-{uid}", case, ""))
        self.tell(ev.CallWaiting(leg, language, concern, "", self.bench.now, self.bench.now))
        self.bench.now += waited_ms
        self.tell(ev.DialBegan(leg, ev.Leg(NODE, f"p{uid}"), "p02"))
        self.tell(ev.PhoneRang(ev.Leg(NODE, f"p{uid}")))
        return max(self.bench.engine.world.visits)

    def talks(self, uid: str = "9") -> None:
        """It is answered."""
        self.tell(ev.Bridged(ev.Leg(NODE, uid), ev.Leg(NODE, f"p{uid}"), "p02"))

    def ends(self, uid: str = "9") -> None:
        """The caller hangs up, some minutes later."""
        self.tell(ev.LegEnded(ev.Leg(NODE, uid), 16), 154_000)
        self.tell(ev.LegEnded(ev.Leg(NODE, f"p{uid}"), 16))


def busy_desk() -> BenchDesk:
    """Birgit is ready; three wait whom she could serve later, two follow-ups are open, a caller is known."""
    bench = Bench(POLICY._replace(silent_ms=600_000, lease_ms=600_000, wrap_up_ms=60_000))
    made = BenchDesk(bench)
    bench.now = 1_795_773_600_000
    bench.login("p02")
    made.texts = {
        "a": {
            "what": "Immatrikulation: Frist am 15. versäumt, Zeugnis fehlt",
            "promised": "Wir fragen die Hochschule",
            "by_when": "Montag",
        },
        "b": {"what": "Rückruf wegen Meldebescheinigung", "by_whom": "Amal", "language": "العربية"},
    }
    day_ms = 86_400_000
    made.earlier = (
        Earlier(
            3, bench.now - 6 * day_ms, "de", "study", "answered", (Word(0, "", "documents", "a", "K-2041"),)
        ),
        Earlier(2, bench.now - 20 * day_ms, "de", "other", "abandoned", ()),
    )
    return made


def handed(made: BenchDesk) -> None:
    """A follow-up lies on Birgit's desk, and one that she left on Amal's."""
    made.rings("7", concern="other")
    made.talks("7")
    visit = max(made.bench.engine.world.visits)
    made.tell(ev.HandedOver(visit, "birgit", "amal", "a"))
    made.ends("7")
    made.tell(ev.StaffAsked("birgit", "", "wrap_over", "", None), 20_000)
    made.tell(ev.HandedOver(visit, "birgit", "birgit", "b"))
