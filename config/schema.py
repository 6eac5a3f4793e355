"""The centre as its configuration file describes it: shapes, limits and cross-checks, no behaviour."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    Field,
)

from config.tables.alarm import Alarm, Notify
from config.tables.callback import Callback
from config.tables.calls import Announcement, Recording, ServiceLevel, Staffing, Voice, Waiting
from config.tables.case_line import CaseLine
from config.tables.cases import CasesFolder
from config.tables.hook import Hook
from config.tables.house import Emergency, Mqtt, Pbx, Privacy, Store, Web, is_loopback
from config.tables.kinds import SHARES_APART, Table, doubles
from config.tables.message import Message
from config.tables.opening import Closure, Hours
from config.tables.outlook import Outlook
from config.tables.people import Desk, People, StaffMember
from config.tables.place import Concern, Language, Place
from config.tables.request import Request
from config.tables.rules import Overflow, Routing
from config.tables.trunk import Trunk


class Centre(Table):
    """The whole file. `base` is the folder that relative paths start from."""

    centre: Place
    language: Annotated[list[Language], Field(min_length=1)]
    concern: Annotated[list[Concern], Field(min_length=1)]
    hours: Hours
    closure: list[Closure] = []
    routing: Routing
    staffing: Staffing
    waiting: Waiting = Waiting()
    recording: Recording
    announcement: Announcement = Announcement()
    privacy: Privacy
    service_level: ServiceLevel
    pbx: Pbx
    store: Store
    web: Web = Web()
    mqtt: Mqtt | None = None
    outlook: Outlook = Outlook()
    emergency: list[Emergency] = []
    overflow: list[Overflow] = []
    callback: Callback | None = None
    message: Message | None = None
    trunk: Trunk | None = None
    request: Request | None = None
    voice: list[Voice] = []
    staff: list[StaffMember] = []
    people: People = People()
    desk: Desk = Desk()
    cases: CasesFolder = CasesFolder()
    case_line: CaseLine | None = None
    alarm: Annotated[list[Alarm], Field(max_length=100)] = []
    notify: Notify | None = None
    hook: Annotated[list[Hook], Field(max_length=20)] = []
    base: Annotated[Path, Field(exclude=True)] = Path()

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes in menu order."""
        return tuple(each.code for each in _frequent_first(self.language))

    @property
    def concerns(self) -> tuple[str, ...]:
        """Keys in menu order."""
        return tuple(each.key for each in _frequent_first(self.concern))

    def path(self, text: str) -> Path:
        """A path of the file, resolved against the file's folder."""
        return (self.base / text).resolve()

    def faults(self) -> list[tuple[str, str]]:
        """(key, reason) for everything that is well-formed but does not fit together."""
        found: list[tuple[str, str]] = []
        found += doubles("language", [each.code for each in self.language])
        found += doubles("concern", [each.key for each in self.concern])
        found += doubles("staff.id", [each.id for each in self.staff])
        found += doubles("staff.phone", [each.phone for each in self.staff])
        found += doubles("desk.reasons", [each.code for each in self.desk.reasons])
        found += doubles("desk.outcomes", [each.code for each in self.desk.outcomes])
        found += _share_faults("language", [each.share for each in self.language])
        found += _share_faults("concern", [each.share for each in self.concern])
        found += self.recording.faults()
        found += self.announcement.faults()
        found += self._hours_faults()
        found += doubles("voice.language", [each.language for each in self.voice])
        for voice in self.voice:
            found += voice.faults()
            if voice.language not in self.languages:
                found.append(("voice.language", f"names {voice.language!r}, which no [[language]] describes"))
        found += self._directory_faults()
        found += self.mqtt.faults() if self.mqtt is not None else []
        if "other" not in self.concerns:
            found.append(("concern", 'lacks the key "other", where callers go who choose nothing'))
        for key in ("unknown_languages", "fallback_languages", "second_language", "second_language_for_it"):
            value = getattr(self.routing, key)
            for code in [value] if isinstance(value, str) else value:
                if code not in self.languages:
                    found.append((f"routing.{key}", f"names {code!r}, which no [[language]] describes"))
        found += self._routing_faults()
        found += self._outlook_faults()
        found += self._overflow_faults()
        found += self._alarm_faults()
        for code in self.message.languages if self.message is not None else ():
            if code not in self.languages:
                found.append(("message.languages", f"names {code!r}, which no [[language]] describes"))
        if self.case_line is not None:
            if self.case_line.concern not in self.concerns:
                named = f"names {self.case_line.concern!r}; known are {', '.join(self.concerns)}"
                found.append(("case_line.concern", named))
            found += doubles("case_line.states", self.case_line.states)
            if "other" in self.case_line.states:
                found.append(
                    ("case_line.states", 'names "other", which is every state that it does not name')
                )
            if self.path(self.case_line.key_file).is_relative_to(self.path(self.store.folder)):
                found.append(
                    (
                        "case_line.key_file",
                        "lies in the folder of [store]: whoever has a copy of that "
                        "would have the key too; name another folder",
                    )
                )
        if self.message is not None and self.callback is None:
            found.append(("message", "needs [callback]: who left one is called back"))
        if self.callback is not None and self.trunk is None:
            found.append(("callback", "needs [trunk] provider, through whom callers are called"))
        if self.callback is not None and not self.privacy.number_days:
            found.append(("privacy.number_days", "is 0: no number would be kept until it is called"))
        if self.request is not None and self.callback is None:
            found.append(("request", "needs [callback]: who asks by the form is called back"))
        if self.trunk is not None and self.trunk.registers and not self.trunk.user:
            found.append(("trunk.user", "is missing: whoever registers has a user"))
        for person in self.staff:
            found += [(f"staff.{person.id}.{key}", reason) for key, reason in self.person_faults(person)]
        found += doubles("emergency.phones", [phone for each in self.emergency for phone in each.phones])
        if sum(not each.phones for each in self.emergency) > 1:
            found.append(("emergency.phones", "is left out more than once: name the phones of each place"))
        if self.pbx.rtp_to - self.pbx.rtp_from < 100:
            found.append(("pbx.rtp_to", "leaves fewer than 100 ports above rtp_from"))
        return found

    def _directory_faults(self) -> list[tuple[str, str]]:
        if (oidc := self.people.oidc) is None:
            return []
        url, found = self.web.public_url, list[tuple[str, str]]()
        if not url:
            found.append(("web.public_url", "is needed by [people.oidc]: https://hotline.example.org"))
        elif not is_loopback(url) and (host := urlsplit(url).hostname) not in (
            self.web.host,
            *self.web.hosts,
        ):
            found.append(("web.public_url", f"names {host!r}, which is not in web.hosts"))
        if "openid" not in oidc.scopes:
            found.append(("people.oidc.scopes", 'lacks "openid"'))
        return found

    def without_help(self, phones: Iterable[str]) -> list[str]:
        """Those of these phones whose 112 and 110 lead nowhere."""
        if any(not each.phones for each in self.emergency):
            return []
        named = {phone for each in self.emergency for phone in each.phones}
        return sorted(set(phones) - named)

    def _hours_faults(self) -> list[tuple[str, str]]:
        found = self.hours.faults()
        found += [
            ("hours.concern.concern", f"names {each.concern!r}; known are {', '.join(self.concerns)}")
            for each in self.hours.concern
            if each.concern not in self.concerns
        ]
        for number, closure in enumerate(self.closure, start=1):
            faults = closure.faults(self.languages, self.concerns)
            found += [(f"closure.{number}.{key}", reason) for key, reason in faults]
            for before, other in enumerate(self.closure[: number - 1], start=1):
                if closure.overlaps(other):
                    found.append(
                        (
                            f"closure.{number}",
                            f"({closure.begins} to {closure.to}) overlaps closure {before} "
                            f"({other.begins} to {other.to}) for the same callers: write one, or let one end "
                            "where the other begins",
                        )
                    )
        return found

    def _routing_faults(self) -> list[tuple[str, str]]:
        rules = self.routing
        found = doubles("routing.class", [each.name for each in rules.classes])
        found += doubles("routing.plan", [f"{each.language}/{each.concern}" for each in rules.plan])
        for plan in rules.plan:
            if not plan.language and not plan.concern:
                found.append(
                    ("routing.plan", "names neither language nor concern; those are [[routing.step]]")
                )
            if plan.concern and plan.concern not in self.concerns:
                found.append(
                    ("routing.plan.concern", f"names {plan.concern!r}, which no [[concern]] describes")
                )
        named = [("routing.plan.language", each.language) for each in rules.plan if each.language]
        named += [("routing.reserve.language", each.language) for each in rules.reserve]
        found += [
            (key, f"names {code!r}, which no [[language]] describes")
            for key, code in named
            if code not in self.languages
        ]
        return found

    def _outlook_faults(self) -> list[tuple[str, str]]:
        beliefs = self.outlook
        found = [
            ("outlook.concern", f"names {key!r}, which no [[concern]] describes")
            for key in beliefs.concern
            if key not in self.concerns
        ]
        if beliefs.answer_to_seconds < beliefs.answer_from_seconds:
            found.append(("outlook.answer_to_seconds", "is less than answer_from_seconds"))
        for key in ("weekday", "concern"):
            given = getattr(beliefs, key)
            if given and not any(given.values()):
                found.append((f"outlook.{key}", "weighs nothing at all: give one of them more than 0"))
        return found

    def _overflow_faults(self) -> list[tuple[str, str]]:
        found = doubles("overflow.name", [each.name for each in self.overflow])
        for each in self.overflow:
            found += each.faults()
            for key, value, known in (
                ("language", each.language, self.languages),
                ("concern", each.concern, self.concerns),
            ):
                if value and value not in known:
                    found.append(
                        (f"overflow.{each.name}.{key}", f"names {value!r}, which no [[{key}]] describes")
                    )
        return found

    def _alarm_faults(self) -> list[tuple[str, str]]:
        found = doubles("alarm.name", [each.name for each in self.alarm])
        found += doubles("hook.name", [each.name for each in self.hook])
        for each in self.alarm:
            found += each.faults(self.outlook.horizon_minutes)
            for key, value, known in (
                ("language", each.language, self.languages),
                ("concern", each.concern, self.concerns),
            ):
                if value and value not in known:
                    found.append(
                        (f"alarm.{each.name}.{key}", f"names {value!r}, which no [[{key}]] describes")
                    )
        return found

    def person_faults(self, person: StaffMember) -> list[tuple[str, str]]:
        """(key, reason) for skills that this centre does not know."""
        found = [
            ("languages", f"names {code!r}; known are {', '.join(self.languages)}")
            for code in person.languages
            if code not in self.languages
        ]
        found += [
            ("concerns", f"names {key!r}; known are {', '.join(self.concerns)}")
            for key in person.concerns
            if key not in self.concerns
        ]
        return found


MenuEntry = TypeVar("MenuEntry", Language, Concern)


def _frequent_first(entries: list[MenuEntry]) -> list[MenuEntry]:
    """As the file has them where it gives no shares, or the same."""
    return sorted(entries, key=lambda each: -(each.share or 0))


def _share_faults(key: str, shares: list[float | None]) -> list[tuple[str, str]]:
    given = [share for share in shares if share is not None]
    if given and len(given) < len(shares):
        return [
            (f"{key}.share", f"is given for {len(given)} of {len(shares)}: give it for each, or for none")
        ]
    if given and abs(sum(given) - 1) > SHARES_APART:
        return [(f"{key}.share", f"sums to {sum(given):.3f} over all; it has to be 1")]
    return []
