"""The state of the hotline as plain data: what a snapshot holds, and nothing that could be derived."""

from dataclasses import dataclass, field

from agents.model import Agent
from agents.state import IDLE, LOGGED_OUT, shown, takes_offers
from routing.call import GREETED, NO_INTERPRETER
from routing.events import Leg
from routing.policy import Policy

RECENT_MAX = 10_000


@dataclass(slots=True)
class Visit:
    """One caller's stay. Times in epoch ms, 0 where not yet.

    order_from_ms decides the order of callers; queued_ms is the truth about waiting. offer: the open
    offer's id or 0. agent: who is offered or talks, or "". owner: who has the caller's case, or "".
    classes: priority classes. asked: people who did not take this caller, with the time until which they
    are not asked again. widen_ms, retry_ms: next deadlines, or 0. interpreter: the caller's language if
    the offer or talk needs an interpreter for it, else ""; interpreting: what became of that (routing.call).
    """

    id: int
    caller: Leg
    line: str
    arrived_ms: int
    state: str = GREETED
    changed_ms: int = 0
    queued_ms: int = 0
    order_from_ms: int = 0
    language: str = ""
    concern: str = ""
    second: str = ""
    token: str = ""
    case: str = ""
    owner: str = ""
    classes: tuple[str, ...] = ()
    offer: int = 0
    agent: str = ""
    talked: bool = False
    interpreter: str = ""
    interpreting: str = NO_INTERPRETER
    hung_up_by: str = ""
    asked: tuple[tuple[str, int], ...] = ()
    widen_ms: int = 0
    retry_ms: int = 0


@dataclass(slots=True)
class Offer:
    """A caller offered to a person, as a lease: over at deadline_ms whatever is lost (0: frozen).

    cause: what the phone's leg ended with, -1 while it has not. status: how the dial ended, "" while it
    has not; an offer whose phone had a leg is over when both are known.
    """

    id: int
    visit: int
    agent: str
    made_ms: int
    deadline_ms: int
    phone_leg: Leg | None = None
    rang: bool = False
    cause: int = -1
    status: str = ""


@dataclass(slots=True)
class Person:
    """A member of staff at work. idle_since_ms orders the idle.

    calls, busy_ms, idle_ms: of today: talks begun, time in talks and wrap-up, time idle and ready. The
    two times are without the stretch that goes on now, and so can be negative after midnight.
    """

    agent: Agent
    presence: str = LOGGED_OUT
    reason: str = ""
    activity: str = IDLE
    device: str = ""
    changed_ms: int = 0
    shown: str = LOGGED_OUT
    shown_reason: str = ""
    shown_ms: int = 0
    idle_since_ms: int = 0
    calls: int = 0
    busy_since_ms: int = 0
    busy_ms: int = 0
    idle_ms: int = 0
    misses: int = 0
    visit: int = 0
    offer: int = 0
    phone_leg: Leg | None = None
    wrap_up_ms: int = 0

    @property
    def free(self) -> bool:
        """Whether a caller may be offered now."""
        return takes_offers(self.presence, self.activity, self.device)

    @property
    def appears(self) -> str:
        """The state that others see."""
        return shown(self.presence, self.activity, self.device)


@dataclass(slots=True)
class World:
    """Everything the engine knows. Two equal worlds decide alike.

    shadow: a policy that is asked and never obeyed; shadow_said: the last difference told. recent: token
    -> when the caller's last visit ended (epoch ms), oldest first, RECENT_MAX at most.
    """

    now_ms: int = 0
    term: int = 0
    counter: int = 0
    link_up: bool = False
    link_why: str = "not connected yet"
    open: bool = False
    policy: Policy | None = None
    policy_digest: str = ""
    shadow: Policy | None = None
    shadow_digest: str = ""
    shadow_said: tuple[int, str, int, str] = (0, "", 0, "")
    roster_digest: str = ""
    visits: dict[int, Visit] = field(default_factory=dict)
    offers: dict[int, Offer] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    recent: dict[str, int] = field(default_factory=dict)
    announced: tuple[tuple[str, tuple[str, ...]], ...] = ()
    suspects: tuple[tuple[str, str, str], ...] = ()

    @property
    def rules(self) -> Policy:
        """The policy in force. Raises NoPolicy before the first one."""
        if self.policy is None:
            raise NoPolicy
        return self.policy


class NoPolicy(RuntimeError):
    """A call came before any policy was in force."""
