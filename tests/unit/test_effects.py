"""When a changed key takes effect: every key of the schema is known, and Asterisk's files say the same."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from acd.pbx import files
from acd.pbx.marks import marks
from acd.reloaded import Reloaded, between
from agents.model import Team
from config.effects import EFFECTS, NAMES, Changed, Effect, changed
from config.load import SHIPPED
from config.people import policy, team
from config.prompts import beside, sounds
from config.schema import Centre
from config.tables.opening import Span

RAW = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
RAW["emergency"] = [{"site": "Office", "gateway": "sip:192.0.2.10", "number": "+4920188000000"}]
RAW["mqtt"] = {"host": "127.0.0.1"}
RAW["privacy"]["agreement"] = {"name": "Dienstvereinbarung 7", "date": date(2026, 1, 15)}
RAW["people"] = {
    "oidc": {
        "name": "City",
        "issuer": "https://login.example.org/city",
        "client_id": "hotline",
        "client_secret_file": "oidc.secret",
        "groups": {"Hotline": ["staff"]},
    }
}
RAW["announcement"] = {"folder": "announcements", "record_code": "*45", "phones": ["p01"]}
RAW["overflow"] = [
    {
        "name": "wider",
        "nobody": True,
        "then": "fallback",
        "step": {"languages": ["anybody"], "language": "A1", "concern": 0},
    },
    {
        "name": "partner",
        "length": 9,
        "then": "outside",
        "outside": {"name": "Partner", "number": "+4920155500000", "gateway": "sip:192.0.2.20"},
    },
]
RAW["trunk"] = {"provider": "192.0.2.30", "user": "hotline", "registers": True}
RAW["callback"] = {"again_minutes": [15]}
RAW["message"] = {"folder": "messages"}
RAW["request"] = {"port": 8090}
RAW["case_line"] = {"concern": "other", "states": ["in_work"]}
RAW["alarm"] = [
    {"name": "waits", "kind": "longest_wait", "limit": 10, "de": "Zu lange", "en": "Too long"},
    {"name": "broken", "kind": "parts", "de": "Etwas steht", "en": "Something stands"},
]
RAW["hook"] = [{"name": "city", "url": "https://example.org/", "secret_file": "s", "tells": ["alarm"]}]
RAW["notify"] = {"addresses_file": "addresses"}
NOW_MS = 1_774_310_400_000
TODAY = date(2026, 3, 24)
HOURS = [(f"hours.{day}", f"hours.{day}", ["09:00-10:30"]) for day in ("mon", "tue", "wed", "thu", "fri")]
REFUSED = ("busy", "declined", "no_answer", "unreachable")
RECORDED = {"enabled": True, "agreement": "of 2026", "folder": "recordings"}
CHANGES: list[tuple[str, str, Any]] = [
    ("cases.folder", "cases.folder", "../dropped"),
    ("message.most", "message.most", 20),
    ("alarm.0.kind", "alarm.waits.kind", "overdue"),
    ("alarm.0.de", "alarm.waits.de", "Viel zu lange"),
    ("alarm.0.en", "alarm.waits.en", "Much too long"),
    ("alarm.0.limit", "alarm.waits.limit", 12),
    ("alarm.0.clear", "alarm.waits.clear", 8),
    ("alarm.0.seconds", "alarm.waits.seconds", 60),
    ("alarm.0.language", "alarm.waits.language", "uk"),
    ("alarm.0.concern", "alarm.waits.concern", "study"),
    ("alarm.0.each", "alarm.waits.each", ["language"]),
    ("alarm.0.minutes", "alarm.waits.minutes", 30),
    ("alarm.0.callers", "alarm.waits.callers", 10),
    ("alarm.0.quiet", "alarm.waits.quiet", ["20:00-24:00"]),
    ("alarm.0.quiet_closed", "alarm.waits.quiet_closed", True),
    ("alarm.1.parts", "alarm.broken.parts", ["link"]),
    ("notify.addresses_file", "notify.addresses_file", "others"),
    ("notify.language", "notify.language", "en"),
    ("hook.0.url", "hook.city.url", "https://example.org/other"),
    ("hook.0.secret_file", "hook.city.secret_file", "other"),
    ("hook.0.tells", "hook.city.tells", ["visit_ended"]),
    ("message.folder", "message.folder", "other"),
    ("message.languages", "message.languages", ["de"]),
    ("message.seconds", "message.seconds", 60),
    ("message.days", "message.days", 7),
    ("request.host", "request.host", "127.0.0.3"),
    ("request.port", "request.port", 8091),
    ("request.proxies", "request.proxies", ["127.0.0.1"]),
    ("request.folder", "request.folder", "../other"),
    ("request.user", "request.user", "form"),
    ("request.days", "request.days", 3),
    ("request.window_hours", "request.window_hours", 1),
    ("request.per_address_hour", "request.per_address_hour", 1),
    ("request.per_number_day", "request.per_number_day", 1),
    ("request.per_hour", "request.per_hour", 1),
    ("request.least_seconds", "request.least_seconds", 1),
    ("request.most_minutes", "request.most_minutes", 10),
    ("request.appointment_url", "request.appointment_url", "https://example.org/{concern}"),
    ("case_line.concern", "case_line.concern", "application_state"),
    ("case_line.states", "case_line.states", ["in_work", "ready"]),
    ("case_line.key_file", "case_line.key_file", "other.key"),
    ("case_line.tries", "case_line.tries", 2),
    ("case_line.per_case", "case_line.per_case", 4),
    ("case_line.failures", "case_line.failures", 40),
    ("trunk.provider", "trunk.provider", "192.0.2.31"),
    ("trunk.user", "trunk.user", "essen"),
    ("trunk.registers", "trunk.registers", False),
    ("trunk.expires_seconds", "trunk.expires_seconds", 600),
    ("trunk.caller_id", "trunk.caller_id", "+4920188000009"),
    ("callback.prefixes", "callback.prefixes", ["+49201"]),
    ("callback.lift_dials", "callback.lift_dials", True),
    ("callback.share_percent", "callback.share_percent", 20),
    ("callback.again_minutes", "callback.again_minutes", [5, 5]),
    ("callback.per_number_day", "callback.per_number_day", 2),
    ("callback.per_day", "callback.per_day", 20),
    ("callback.open_most", "callback.open_most", 20),
    ("callback.offer_minutes", "callback.offer_minutes", 20),
    ("callback.ring_seconds", "callback.ring_seconds", 20),
    ("centre.name", "centre.name", "Another"),
    ("centre.timezone", "centre.timezone", "Europe/London"),
    ("centre.hotline", "centre.hotline", "+4920188000001"),
    ("centre.numbers", "centre.numbers", ["88000001"]),
    ("centre.node", "centre.node", "pbx2"),
    ("language.0.name", "language.de.name", "German"),
    ("language.3.share", "language.tr.share", 0.01),
    ("concern.2.de", "concern.study.de", "Hochschule"),
    ("concern.0.short", "concern.employment.short", "Arbeit"),
    ("concern.0.en", "concern.employment.en", "Work"),
    ("concern.0.law", "concern.employment.law", "18a"),
    *HOURS,
    ("hours.after_closing_minutes", "hours.after_closing_minutes", 45),
    ("hours.sat", "hours.sat", ["09:00-10:00"]),
    ("hours.sun", "hours.sun", ["09:00-10:00"]),
    ("hours.holidays", "hours.holidays", "BY"),
    ("hours.extra_closed", "hours.extra_closed", [date(2026, 12, 23)]),
    ("hours.concern", "hours.concern", [{"concern": "study", "mon": ["09:00-10:00"]}]),
    ("closure", "closure", [{"from": date(2026, 12, 1), "to": date(2026, 12, 2)}]),
    ("routing.unknown_languages", "routing.unknown_languages", ["de"]),
    ("routing.fallback_languages", "routing.fallback_languages", ["de"]),
    ("routing.second_language", "routing.second_language", "fr"),
    ("routing.second_language_for_it", "routing.second_language_for_it", "tr"),
    ("routing.choose", "routing.choose", ["concern"]),
    ("routing.owner_seconds", "routing.owner_seconds", 7),
    ("routing.repeat_same_day", "routing.repeat_same_day", False),
    ("routing.repeat_hours", "routing.repeat_hours", 3),
    ("routing.shadow", "routing.shadow", "other.toml"),
    ("routing.step.1.after_seconds", "routing.step", 46),
    ("routing.plan", "routing.plan", [{"language": "uk", "step": RAW["routing"]["step"]}]),
    ("routing.class.0.worth_seconds", "routing.class.permit_expiring.worth_seconds", 301),
    ("routing.class.0.case_states", "routing.class.permit_expiring.case_states", ["other"]),
    ("routing.class.2.numbers", "routing.class.partner_office.numbers", ["+492011234567"]),
    ("routing.reserve.0.keep", "routing.reserve", 2),
    *((f"routing.refused.{each}.away_after", f"routing.refused.{each}.away_after", 9) for each in REFUSED),
    *((f"routing.refused.{each}.retry_seconds",) * 2 + (99,) for each in REFUSED),
    ("overflow.1.name", "overflow.partner", "other"),
    ("overflow.1.outside.name", "overflow.partner.outside.name", "Other"),
    ("overflow.1.outside.number", "overflow.partner.outside.number", "+4920155500001"),
    ("overflow.1.outside.gateway", "overflow.partner.outside.gateway", "sip:192.0.2.21"),
    ("overflow.0.language", "overflow.wider.language", "tr"),
    ("overflow.0.concern", "overflow.wider.concern", "study"),
    ("overflow.0.after_seconds", "overflow.wider.after_seconds", 60),
    ("overflow.0.length", "overflow.wider.length", 3),
    ("overflow.0.nobody", "overflow.wider.nobody", False),
    ("overflow.0.then", "overflow.wider.then", "closed"),
    ("overflow.0.step.languages", "overflow.wider.step.languages", ["fallback"]),
    ("overflow.0.step.language", "overflow.wider.step.language", "B1"),
    ("overflow.0.step.concern", "overflow.wider.step.concern", 1),
    ("staffing.ring_seconds", "staffing.ring_seconds", 16),
    ("staffing.wrap_up_seconds", "staffing.wrap_up_seconds", 31),
    ("staffing.silent_seconds", "staffing.silent_seconds", 3),
    ("staffing.short_talk_seconds", "staffing.short_talk_seconds", 3),
    ("staffing.duties", "staffing.duties", "duties.csv"),
    ("waiting.band_minutes", "waiting.band_minutes", [5, 10]),
    ("waiting.first_seconds", "waiting.first_seconds", 3),
    ("waiting.announce_seconds", "waiting.announce_seconds", [60]),
    ("waiting.coverage_percent", "waiting.coverage_percent", 70),
    ("waiting.rejoin_minutes", "waiting.rejoin_minutes", 0),
    ("waiting.cut_talk_seconds", "waiting.cut_talk_seconds", 30),
    ("recording", "recording.enabled", RECORDED),
    ("recording", "recording.stop_code", RECORDED | {"stop_code": "*3"}),
    ("recording", "recording.pause_code", RECORDED | {"pause_code": "*3"}),
    ("recording.agreement", "recording.agreement", "of 2026"),
    ("recording.folder", "recording.folder", "recordings"),
    ("recording.days", "recording.days", 31),
    ("announcement.folder", "announcement.folder", "spoken"),
    ("announcement.record_code", "announcement.record_code", "*46"),
    ("announcement.phones", "announcement.phones", ["p02"]),
    ("announcement.spoken", "announcement.spoken", "en"),
    ("announcement.days", "announcement.days", 30),
    ("privacy.number_days", "privacy.number_days", 31),
    ("privacy.visit_days", "privacy.visit_days", 31),
    ("privacy.staff_days", "privacy.staff_days", 31),
    ("privacy.switchboard_numbers", "privacy.switchboard_numbers", ["0201 881"]),
    ("privacy.smallest_cell", "privacy.smallest_cell", 3),
    ("privacy.agreement.name", "privacy.agreement.name", "Dienstvereinbarung 8"),
    ("privacy.agreement.allows", "privacy.agreement.allows", ["listen"]),
    ("privacy.agreement.date", "privacy.agreement.date", date(2026, 1, 16)),
    ("people.staff_second_factor", "people.staff_second_factor", True),
    ("people.idle_minutes", "people.idle_minutes", 61),
    ("people.session_hours", "people.session_hours", 11),
    ("people.audit_days", "people.audit_days", 1_200),
    *((f"people.oidc.{key}",) * 2 + ("another",) for key in ("name", "client_id", "client_secret_file")),
    *((f"people.oidc.{key}_claim",) * 2 + ("another",) for key in ("groups", "account", "name", "agent")),
    *((f"people.oidc.{key}",) * 2 + (["another"],) for key in ("scopes", "factor_amr", "factor_acr")),
    ("people.oidc.issuer", "people.oidc.issuer", "https://login.example.org/another"),
    ("people.oidc.groups", "people.oidc.groups", {"Hotline": ["planner"]}),
    ("desk.reasons.0.de", "desk.reasons.break.de", "Rast"),
    ("desk.reasons.0.en", "desk.reasons.break.en", "Rest"),
    ("desk.outcomes.0.de", "desk.outcomes.answered.de", "Erledigt"),
    ("desk.outcomes.0.en", "desk.outcomes.answered.en", "Done"),
    ("desk.case_url", "desk.case_url", "https://files.example.org/{reference}"),
    ("desk.show_number", "desk.show_number", "last4"),
    ("desk.note_days", "desk.note_days", 91),
    ("desk.quiet_minutes", "desk.quiet_minutes", [5]),
    ("desk.block_hours", "desk.block_hours", 25),
    ("service_level.seconds", "service_level.seconds", 21),
    ("service_level.variant", "service_level.variant", "all_offered"),
    ("service_level.clock", "service_level.clock", "since_answer"),
    ("service_level.short_abandon_seconds", "service_level.short_abandon_seconds", 6),
    ("pbx.ami_host", "pbx.ami_host", "127.0.0.3"),
    ("pbx.ami_port", "pbx.ami_port", 5039),
    ("pbx.ami_user", "pbx.ami_user", "another"),
    ("pbx.sip_address", "pbx.sip_address", "127.0.0.3"),
    ("pbx.sip_port", "pbx.sip_port", 5061),
    ("pbx.rtp_from", "pbx.rtp_from", 10002),
    ("pbx.rtp_to", "pbx.rtp_to", 10998),
    ("pbx.trunk_addresses", "pbx.trunk_addresses", ["127.0.0.4"]),
    ("pbx.qualify_seconds", "pbx.qualify_seconds", 11),
    ("pbx.folder", "pbx.folder", "/srv/another"),
    ("voice", "voice", [{"language": "pl", "engine": "espeak-ng", "name": "pl+f2"}]),
    ("store.folder", "store.folder", "../another"),
    ("store.journal_days", "store.journal_days", 91),
    ("store.journal_url", "store.journal_url", "postgresql+asyncpg://a/b"),
    ("store.records_url", "store.records_url", "postgresql+asyncpg://a/b"),
    ("store.vault_url", "store.vault_url", "postgresql+asyncpg://a/b"),
    ("web.host", "web.host", "127.0.0.3"),
    ("web.port", "web.port", 8081),
    ("web.hosts", "web.hosts", ["example.org"]),
    ("web.proxies", "web.proxies", ["127.0.0.1"]),
    ("web.public_url", "web.public_url", "https://hotline.example.org"),
    ("mqtt.host", "mqtt.host", "127.0.0.3"),
    ("mqtt.port", "mqtt.port", 1884),
    ("mqtt.prefix", "mqtt.prefix", "another"),
    ("mqtt.user", "mqtt.user", "another"),
    ("mqtt.password_file", "mqtt.password_file", "another"),
    ("mqtt.tls", "mqtt.tls", True),
    ("mqtt.ca_file", "mqtt.ca_file", "another"),
    ("mqtt.discovery", "mqtt.discovery", "another"),
    ("mqtt.language", "mqtt.language", "en"),
    ("outlook.enabled", "outlook.enabled", False),
    *((f"outlook.{key}",) * 2 + (99,) for key in ("every_seconds", "futures", "cpu_ms", "horizon_minutes")),
    *((f"outlook.{key}",) * 2 + (9,) for key in ("weeks", "weighs", "calls_per_year", "menu_seconds")),
    *((f"outlook.{key}",) * 2 + (0.9,) for key in ("day_variation", "second_language", "not_answered")),
    *(
        (f"outlook.{key}_minutes",) * 2 + (9.5,)
        for key in ("patience", "talk", "pause_every", "pause", "away")
    ),
    *((f"outlook.{key}_variation",) * 2 + (0.7,) for key in ("talk", "pause")),
    ("outlook.answer_from_seconds", "outlook.answer_from_seconds", 3),
    ("outlook.answer_to_seconds", "outlook.answer_to_seconds", 10),
    ("outlook.weekday", "outlook.weekday", {"mon": 2}),
    ("outlook.hour", "outlook.hour", {"09": 2}),
    ("outlook.concern", "outlook.concern", {"other": 2}),
    ("emergency.0.gateway", "emergency", "sip:192.0.2.11"),
    ("staff.0", "staff.zoe", {**RAW["staff"][0], "id": "zoe", "phone": "p98"}),
    ("staff.0.name", "staff.amal.name", "Amala"),
    ("staff.0.phone", "staff.amal.phone", "p99"),
    ("staff.0.languages", "staff.amal.languages", {"ar": "C1"}),
    ("staff.0.concerns", "staff.amal.concerns", {"other": 3}),
]


def centre(raw: dict[str, Any]) -> Centre:
    return Centre.model_validate({**raw, "base": SHIPPED.parent})


CENTRE = centre(RAW)


def with_(path: str, value: Any) -> Centre:
    raw = deepcopy(RAW)
    there: Any = raw
    *way, last = path.split(".")
    for part in way:
        there = there[int(part) if isinstance(there, list) else part]
    there[int(last) if isinstance(there, list) else last] = value
    return centre(raw)


def rendered(described: Centre) -> object:
    """All that the files are made from."""
    spoken = sounds(beside(SHIPPED), described)
    made = marks(described, team(described), spoken, TODAY)
    return made, files.manager(described, ""), described.pbx.folder


@pytest.mark.parametrize(("path", "shown", "value"), CHANGES, ids=[each[1] for each in CHANGES])
def test_a_key_waits_for_asterisks_files_exactly_if_they_depend_on_it(
    path: str, shown: str, value: Any
) -> None:
    other = with_(path, value)
    found = [each for each in changed(CENTRE, other) if each.shown in (shown, "language")]
    assert shown in [each.shown for each in found]
    effect = found[0].effect
    for each in found:
        effect |= each.effect
    assert (rendered(other) != rendered(CENTRE)) == (Effect.RENDER in effect)
    if (policy(other, NOW_MS), team(other)) != (policy(CENTRE, NOW_MS), team(CENTRE)):
        assert Effect.NOW in effect


def models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in models(inner)]


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """As EFFECTS knows them: lists whose entries have no name are one key."""
    for name, field in model.model_fields.items():
        inner = [each for each in models(field.annotation) if each is not Span]
        key = f"{prefix}{field.alias or name}"
        whole = inner and "list" in str(field.annotation) and not set(NAMES) & set(inner[0].model_fields)
        if inner and not whole:
            yield from keys(inner[0], f"{key}.")
        elif not field.exclude:
            yield key


def test_every_key_of_the_schema_is_changed_here_and_has_an_effect() -> None:
    found = set(keys(Centre))
    tried = {each.key for path, _, value in CHANGES for each in changed(CENTRE, with_(path, value))}
    called = {
        "language.code",
        "concern.key",
        "concern.share",
        "routing.class.name",
        "staff.id",
        "overflow.name",
        "alarm.name",
        "hook.name",
        "desk.reasons.code",
        "desk.outcomes.code",
    }
    assert found - tried - called == set()
    assert all(Changed(key, key).effect for key in found)
    tables = {key.rpartition(".")[0] for key in found} | found
    assert set(EFFECTS) - tables == set()


def test_an_entry_that_came_or_went_is_one_key() -> None:
    raw = deepcopy(RAW)
    raw["staff"] = [*RAW["staff"][1:], {**RAW["staff"][0], "id": "zoe", "phone": "p98"}]
    assert [each.shown for each in changed(CENTRE, centre(raw))] == ["staff.amal", "staff.zoe"]


def test_a_menu_in_another_order_is_a_change_of_the_menu() -> None:
    raw = deepcopy(RAW)
    raw["concern"].reverse()
    assert changed(CENTRE, centre(raw)) == [Changed("concern", "concern")]


def test_what_a_reload_says_key_by_key() -> None:
    raw = deepcopy(RAW)
    raw["web"]["port"] = 8081
    raw["staffing"]["ring_seconds"] = 16
    raw["staff"][0] |= {"name": "Amala", "phone": "p99"}
    after = centre(raw)
    assert between(CENTRE, CENTRE, after, team(CENTRE), team(after), imported=False) == Reloaded(
        now=("staff.amal.name", "staff.amal.phone", "staffing.ring_seconds"),
        render=("staff.amal.phone", "staffing.ring_seconds"),
        restart=("web.port",),
    )
    imported = team(CENTRE)._replace(agents=team(CENTRE).agents[1:])
    assert between(CENTRE, after, after, imported, imported, imported=True) == Reloaded(restart=("web.port",))
    assert between(CENTRE, CENTRE, after, Team(()), imported, imported=True).unused == (
        "staff.amal.name",
        "staff.amal.phone",
    )


def test_the_files_of_a_year_are_the_same_on_each_of_its_days() -> None:
    """Holidays are written out anew in each year, which is then seen."""
    spoken, people = sounds(beside(SHIPPED), CENTRE), team(CENTRE)
    of = [marks(CENTRE, people, spoken, day) for day in (date(2026, 1, 1), date(2026, 12, 31))]
    assert of[0] == of[1] != marks(CENTRE, people, spoken, date(2027, 1, 1))
