"""A small centre for tests: a policy and a roster made by hand, and an engine that is already up."""

from agents.model import Agent, Cefr, Reach, Team
from routing import events as ev
from routing.engine import Effects, Engine
from routing.policy import FALLBACK, OWN, SECOND, Plan, Policy, Refusal, Step

FOREVER = ((0, 10**15),)

POLICY = Policy(
    plans=(
        Plan(
            "",
            "",
            (
                Step(0, OWN, Cefr.C1, 3),
                Step(45_000, OWN, Cefr.B2, 2),
                Step(90_000, OWN | SECOND, Cefr.B2, 1),
                Step(150_000, OWN | SECOND | FALLBACK, Cefr.B1, 0),
            ),
        ),
    ),
    unknown_languages=("de", "en"),
    fallback_languages=("de", "en"),
    choose=("concern", "language", "least_versatile", "longest_idle"),
    lease_ms=20_000,
    silent_ms=2_000,
    wrap_up_ms=5_000,
    refusals=(
        Refusal("busy", 0, 30_000),
        Refusal("declined", 2, 30_000),
        Refusal("no_answer", 2, 30_000),
        Refusal("unreachable", 2, 30_000),
    ),
    opening=FOREVER,
)


def person(key: str, phone: str, languages: dict[str, int], concerns: dict[str, int]) -> Agent:
    """A member of staff reached at a registered phone."""
    return Agent(
        key,
        key.title(),
        Reach("phone", phone),
        tuple(sorted((code, int(level)) for code, level in languages.items())),
        tuple(sorted(concerns.items())),
    )


ROSTER = Team(
    (
        person("amal", "p01", {"ar": Cefr.NATIVE, "de": Cefr.C1}, {"study": 4, "other": 3}),
        person("birgit", "p02", {"de": Cefr.NATIVE, "en": Cefr.C1}, {"study": 3, "other": 5}),
        person("cem", "p03", {"tr": Cefr.NATIVE, "de": Cefr.NATIVE, "en": Cefr.B2}, {"study": 5, "other": 3}),
    )
)
PHONES = tuple(agent.reach.address for agent in ROSTER.agents)
NODE = "pbx1"


class Bench:
    """An engine with a clock that only the test moves."""

    def __init__(self, policy: Policy = POLICY, roster: Team = ROSTER) -> None:
        self.engine = Engine()
        self.now = 1_000_000
        self.journal: list[tuple[ev.Event, int]] = []
        self.effects: list[Effects] = []
        self.tell(ev.PolicyChanged("policy", policy))
        self.tell(ev.TeamChanged("roster", roster))
        self.tell(ev.TermBegan(1))
        devices = tuple((agent.reach.address, "NOT_INUSE") for agent in roster.agents)
        self.tell(ev.PbxSnapshot(self.now, True, (), devices))

    def tell(self, event: ev.Event, after_ms: int = 1) -> Effects:
        """Let `after_ms` pass, then tell the engine."""
        self.now += after_ms
        self.journal.append((event, self.now))
        effects = self.engine.step(event, self.now)
        self.effects.append(effects)
        return effects

    def login(self, *phones: str) -> None:
        """Log these phones in."""
        for phone in phones:
            self.tell(ev.StaffAsked("", phone, "login", "", None))

    def call(self, uid: str, language: str = "de", concern: str = "other") -> Effects:
        """A caller arrives, chooses and waits; the effects are those of the last of it."""
        leg = ev.Leg(NODE, uid)
        self.tell(ev.CallArrived(leg, "line"))
        self.tell(ev.LanguageChosen(leg, language))
        self.tell(ev.ConcernChosen(leg, concern))
        return self.tell(ev.CallWaiting(leg, language, concern, "", self.now, self.now))
