"""The composition root: every part is made whole, lowest first, and an exit stack ends them in turn."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import opening, retention
from acd.acts import Acts
from acd.alarmed import Way
from acd.alarms import kept as kept_alarms
from acd.alarms.notifier import Notifier
from acd.alarms.service import LOOK_S, Alarms, Busy
from acd.alarms.service import Doors as AlarmDoors
from acd.announcement import emergency as announcement
from acd.announcement.emergency import EmergencyAnnouncement
from acd.announcing import AnnouncingByHand
from acd.answers import Answers
from acd.beside import Kept, Regularly
from acd.case_line import CaseLine
from acd.cases_dropped import CasesDropped
from acd.changes import Changes
from acd.clock import SystemClock
from acd.desk import Desks, rules_of
from acd.feed import Feed
from acd.forgetting import works
from acd.hooks.service import LOOK_S as HOOKS_S
from acd.hooks.service import Hooks
from acd.intake import Inbox
from acd.lead import Lead
from acd.leaps import Leaps
from acd.ledger import Ledger
from acd.lost_messages import LOST_S, LostMessages, where
from acd.metrics import house
from acd.metrics.board import BoardFigures
from acd.metrics.counted import Metrics
from acd.metrics.course import Course, Target
from acd.metrics.coverage import Coverage
from acd.metrics.outlook import OutlookFigures
from acd.mqtt.broker import broker
from acd.mqtt.discovery import Described
from acd.mqtt.publisher import Publisher
from acd.not_reached import Doors as Reached
from acd.not_reached import NotReachedToday
from acd.opening import Stores
from acd.outlook.learned import learned
from acd.outlook.prior import Believed, prior
from acd.outlook.process import Process
from acd.outlook.rostered import rostered
from acd.outlook.service import Doors, Outlook
from acd.past import Past
from acd.pbx import secrets
from acd.pbx.link import AmiLink
from acd.pbx.marks import FilesInForce
from acd.pbx.place import ANNOUNCEMENTS
from acd.pbx.port import PbxPort
from acd.pbx.translate import Translator
from acd.people import local
from acd.people.service import StoredPeople
from acd.picture import Picture
from acd.ports import DAEMON, Arrival, Health, Journal, PbxLink, Recorder
from acd.requests import Requests
from acd.retention import Retention
from acd.rules_in_force import RulesInForce
from acd.runner import Runner
from acd.skills import SkillsForGood
from acd.steering import Steerings
from acd.store import queries
from acd.store.moments import moment
from acd.store.observed import observed
from acd.systemd import Systemd
from acd.term import Daemon
from acd.web.app import make_app
from acd.web.deps import WebDeps
from acd.web.server import WebServer, listen
from acd.wishes import Wishes
from acd.woken import Woken
from config.display import shorts
from config.duties import Presence
from config.hours import opening as hours
from config.load import load
from config.schema import Centre
from routing.events import JournalGap, TermBegan

DRIFT_S = 300.0
HOUR_S = 3_600.0
CASES_S = 60.0
DAY_MS = 86_400_000
OUTLOOK_S = 15.0
WHAT_IF_S = 60.0
"""How long the outlook's processes have for an answer."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wraps:
    """Where a test puts itself between the parts, to inject a fault; the daemon runs without."""

    journal: Callable[[Journal], Journal] = lambda journal: journal
    recorder: Callable[[Recorder], Recorder] = lambda recorder: recorder
    link: Callable[[PbxLink], PbxLink] = lambda link: link


def secrets_path(centre: Centre) -> Path:
    """Where passwords of AMI and phones lie."""
    return centre.path(centre.store.folder) / "secrets.toml"


async def run(path: Path, started: Callable[[str], None], wraps: Wraps = Wraps()) -> None:
    """Run the centre of a configuration file until cancelled. `started` is told the page's address.

    Raises ConfigFaults, StoreFault, StoreTaken, PortTaken, SecretsExposed, TokenFault before anything has
    begun; Fenced once another daemon leads.
    """
    centre = load(path)
    async with AsyncExitStack() as stack:
        opening.locked(stack, centre)
        taken = stack.enter_context(closing(listen(centre.web.host, centre.web.port)))
        daemon = await composed(stack, path, centre, wraps)
        host, port = taken.getsockname()[:2]
        started(f"http://{host}:{port}/")
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, daemon.rules.reload_soon)
        systemd = Systemd()
        proxies = [str(each) for each in centre.web.proxies]
        beside = [Kept("page", lambda: WebServer(daemon.app, taken.dup(), proxies).run())]
        if systemd.watchdog_s:
            beside.append(Kept("watchdog", lambda: systemd.watch(daemon.decides)))
        await daemon.serve(beside, systemd.tell)


async def composed(stack: AsyncExitStack, path: Path, centre: Centre, wraps: Wraps) -> Daemon:
    """Everything opened, world and records brought to where they were. `stack` closes it again."""
    own = secrets.own(secrets_path(centre), [])
    local_token = await asyncio.to_thread(local.made, local.path(centre))
    stores = await opening.opened(stack, centre, wraps.journal, wraps.recorder)
    engine, begun = await opening.begun(stores, centre)
    clock = SystemClock(max(begun.at_ms, engine.world.now_ms))
    ledger = _ledger(stores, centre.centre.node)
    inbox = Inbox(clock.now_ms)
    files = FilesInForce(f"acd pbx render --config {centre.base / path.name}")
    port = PbxPort(
        _connector(centre, own.ami),
        Translator(
            centre.centre.node,
            made=f"{centre.pbx.folder}/{ANNOUNCEMENTS}/{announcement.FOLDER}/acd",
            short=lambda concern: shorts(rules.centre).get(concern, concern),
        ),
        clock.now_ms,
        random.random,
        inbox.submit,
        node=centre.centre.node,
        ledger=ledger,
        files=files,
        drafts=lambda draft: emergency.told(draft),
        asked=lambda asked: wishes.asked(asked),
        case_asked=lambda ask: case_line.asked(ask),
        number_of=lambda token: wishes.number(token),
    )
    feed = Feed(stores.recorder, stores.journal, begun.last)
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    course = Course(
        lambda: Target(rules.centre.service_level.seconds, rules.centre.service_level.clock),
        lambda tongue: figures.language(tongue),
    )
    course.begin(engine.world)
    changes, woken, leaps = Changes(), Woken(), Leaps()
    records = stores.records.engine
    outlook = Outlook(
        Doors(
            still=lambda: runner.settled.is_set(),
            world=lambda: runner.engine.world,
            copied=lambda view: runner.copies.taken(view),
            centre=lambda: rules.centre,
            learned=lambda described: _learned(described, records, clock.now_ms()),
            duties=lambda described: asyncio.to_thread(
                rostered, described, frozenset(runner.engine.world.people)
            ),
            submit=lambda arrival: runner.submit(arrival),
            now_ms=clock.now_ms,
            alone=lambda: picture.apart.languages,
        ),
        Process(OUTLOOK_S),
        Process(WHAT_IF_S),
    )
    hooks = Hooks(
        centre,
        world=lambda: runner.engine.world,
        still=lambda: runner.settled.is_set(),
        now_ms=clock.now_ms,
        now_s=time.time,
        apart=lambda: figures.apart,
    )
    hooks.begin(engine.world)
    runner = Runner(
        engine,
        stores.journal,
        clock,
        wraps.link(port),
        [feed, metrics, course, changes, woken, leaps, outlook, hooks],
        term=begun.term,
        seq=begun.seq,
        vault=stores.vault,
        directory=stores.cases,
        observe=metrics.observe,
        recorded=lambda: feed.recorded,
        inbox=inbox,
    )
    runner.submit(Arrival(TermBegan(begun.term), DAEMON))
    if begun.lost:
        runner.submit(Arrival(JournalGap(begun.last + 1, begun.lost), DAEMON))
    picture = Picture(lambda: runner.engine.world, clock.now_ms, still=runner.settled.is_set)
    figures = Picture(lambda: runner.engine.world, clock.now_ms, still=runner.settled.is_set)
    registry.register(BoardFigures(figures, lambda: {"events": runner.depth(), "records": feed.depth()}))
    aside = Gauge("acd_facts_set_aside", "Facts that the records refused", registry=registry)
    aside.set_function(lambda: stores.records.set_aside)
    rules = RulesInForce(
        path,
        centre,
        engine.world,
        records,
        stores.cases,
        stores.vault,
        stores.texts,
        picture,
        figures,
        files,
        runner.submit,
        clock.now_ms,
    )
    await rules.begin()
    people = StoredPeople(
        records,
        lambda: rules.centre,
        lambda: runner.engine.world.people.keys(),
        lambda: time.time_ns() // 1_000_000,  # the wall's, as authenticators and the `acd` command have it
        local_token,
    )
    await people.take_over(local.former_path(centre))
    answers = Answers(rules, records, runner, port, clock.now_ms)
    desks = Desks(
        runner,
        records,
        stores.texts,
        stores.cases,
        woken,
        lambda: rules_of(rules.centre),
        clock.now_ms,
    )
    acts = Acts(runner, stores.texts, people, clock.now_ms)
    steerings = Steerings(runner, acts, lambda: rules.centre, clock.now_ms)
    announcing = AnnouncingByHand(acts, lambda: emergency, lambda: rules.centre, path)
    emergency = EmergencyAnnouncement(
        lambda: rules.centre,
        path,
        records,
        runner.ask,
        lambda: runner.engine.world.announcement,
        port.answer,
        clock.now_ms,
        announcing.spoken,
    )
    wishes = Wishes(
        runner,
        stores.vault,
        port.refuse,
        lambda: rules.centre.callback.prefixes if rules.centre.callback is not None else (),
        lambda: (rules.centre.centre.hotline, *rules.centre.centre.numbers),
        clock.now_ms,
    )
    case_line = CaseLine(lambda: rules.centre, records, stores.cases, port, runner)
    publisher = _publisher(
        centre,
        figures,
        changes,
        lambda: rules.centre.centre.name,
        lambda: [each.plain() for each in hooks.shown(alarms.open())],
    )

    kept_long = Retention(
        records,
        lambda: rules.centre,
        works(stores, lambda: rules.centre, emergency, lambda: feed.recorded, clock.now_ms),
    )

    async def housekeeping() -> None:
        """Forget what is past its time, and work out the opening hours ahead anew."""
        try:
            await kept_long.purge(clock.now_ms())
        finally:
            await rules.again()

    async def drift() -> None:
        port.resync(linkup=False)

    async def accounts() -> None:
        """A former token that could not be taken over at the start is, and what is over goes."""
        await people.take_over(local.former_path(centre))
        kept_long.gone(retention.AUDIT, await people.tidy(), clock.now_ms())

    def well() -> Health:
        """What the alarms themselves go by."""
        return {part: said for part, said in health().items() if part != "alarms"}

    async def gone(since_ms: int) -> dict[tuple[str, str], tuple[int, int]]:
        return await queries.given_up(records, moment(since_ms))

    async def presences(described: Centre) -> Sequence[Presence]:
        found = await asyncio.to_thread(rostered, described, frozenset(runner.engine.world.people))
        return found.presences

    notifier = Notifier(lambda: rules.centre)
    ways: list[Way] = [notifier, *hooks.ways]
    alarms = Alarms(
        AlarmDoors(
            still=runner.settled.is_set,
            world=lambda: runner.engine.world,
            now_ms=clock.now_ms,
            centre=lambda: rules.centre,
            waits=outlook.waits,
            gone=gone,
            duties=presences,
            health=well,
            apart=lambda: picture.apart,
            told_apart=lambda: figures.apart,
            changed=changes.touch,
        ),
        centre.path(centre.store.folder) / kept_alarms.NAME,
        ways,
    )

    async def test_alarms() -> Mapping[str, str] | None:
        try:
            return await alarms.test()
        except Busy:
            return None

    lost = LostMessages(runner, lambda: where(rules.centre), clock.now_ms)
    dropped = CasesDropped(lambda: rules.centre, lambda: runner.engine.world.people.keys(), records)
    cases = Regularly("cases", CASES_S, lambda: dropped.look(time.time()))
    case_kept = Kept("case line", case_line.run)
    delivering = Kept("hooks", hooks.run)
    due = Regularly("callbacks due", HOOKS_S, hooks.look)
    notifying = Kept("notify", notifier.run)
    watching = Regularly("alarms", LOOK_S, alarms.look)
    hourly = Regularly("housekeeping", HOUR_S, housekeeping, leaps.far)
    registry.register(OutlookFigures(outlook.waits, lambda: outlook.futures_made, figures.language))
    registry.register(course)
    registry.register(
        Coverage(lambda: runner.engine.world, lambda: (rules.centre.languages, rules.centre.concerns))
    )
    house.register(registry, lambda: health())
    link = Kept("link", port.run)
    ahead = Kept("outlook", outlook.run)
    kept: list[Kept | Regularly] = [
        link,
        Kept("ledger", ledger.run),
        Regularly("drift", DRIFT_S, drift),
        hourly,
        Kept("announcement", emergency.run),
        Kept("callbacks", wishes.run),
        Regularly("messages", LOST_S, lost.look),
        Kept("requests", Requests(lambda: rules.centre, wishes, clock.now_ms).run),
        Regularly("accounts", HOUR_S, accounts),
        cases,
        case_kept,
        watching,
        notifying,
        delivering,
        due,
        Kept("stores that are away", stores.late.run),
        Kept("integrity", stores.integrity.run),
        ahead,
    ]
    named = (link, hourly, ahead, cases, case_kept, watching, notifying, delivering, due)
    others = [part for part in kept if part not in named]
    parts: dict[str, Callable[[], str]] = {
        "journal": lambda: runner.journal_trouble,
        "link": lambda: link.trouble or port.health(),
        "dialplan": files.trouble,
        "routing": runner.routing,
        "trunk": runner.trunk,
        "clock": clock.health,
        "records": lambda: stores.late.trouble("records") or _recorded(feed, stores),
        "vault": lambda: stores.late.trouble("vault") or runner.vault_trouble,
        "stores": lambda: stores.integrity.trouble or stores.sql.trouble,
        "housekeeping": lambda: hourly.trouble,
        "cases": lambda: cases.trouble or dropped.trouble,
        "case_line": lambda: case_kept.trouble or case_line.trouble,
        "notify": lambda: notifying.trouble or notifier.trouble,
        "hooks": lambda: delivering.trouble or due.trouble or hooks.trouble,
        "alarms": lambda: watching.trouble or alarms.trouble,
        "outlook": lambda: ahead.trouble or outlook.trouble or outlook.duties.trouble,
        "beside": lambda: "; ".join(f"{part.name}: {part.trouble}" for part in others if part.trouble),
    }
    if publisher is not None:
        broker = Kept("broker", publisher.run)
        kept.append(broker)
        parts["broker"] = lambda: broker.trouble or publisher.health()

    def health() -> Health:
        """Part -> "ok" or what is wrong."""
        return {part: trouble() or "ok" for part, trouble in parts.items()}

    app = make_app(
        WebDeps(
            names=answers.names,
            board=picture,
            own=picture.own,
            changes=changes,
            service_level=answers.service_level,
            explain=answers.explain,
            explain_visit=answers.explain_visit,
            differences=answers.differences,
            cases=stores.cases,
            staff_source=answers.staff_source,
            announcement=emergency.now,
            announcing=announcing,
            reload=rules.reload,
            resync=answers.resync,
            outlook=outlook.waits,
            what_if=outlook.what_if,
            health=health,
            people=people,
            agents=lambda: [(key, each.agent.name) for key, each in runner.engine.world.people.items()],
            zone=lambda: rules.centre.centre.zone,
            desk=desks,
            history=Past(
                records,
                stores.vault,
                lambda: rules.centre,
                lambda: runner.engine.world,
                runner.settled.wait,
            ),
            steering=steerings,
            teaching=SkillsForGood(rules, runner, acts, lambda: rules.centre),
            reasons=stores.texts.read,
            not_reached=NotReachedToday(
                Reached(runner, records, wishes, steerings, lambda: rules.centre.centre.zone, clock.now_ms)
            ),
            classes=lambda: [name for name, _ in runner.engine.world.rules.classes],
            lead=Lead(rules, runner, picture, outlook.waits, clock.now_ms).view,
            desk_choices=answers.desk_choices,
            case_link=answers.case_link,
            registry=registry,
            alarms=alarms.open,
            alarms_outside=alarms.outside,
            test_alarms=test_alarms,
            hosts=tuple({"127.0.0.1", "localhost", "[::1]", centre.web.host, *centre.web.hosts}),
        )
    )
    return Daemon(stores, runner, feed, rules, answers, hourly, kept, app, health)


def _recorded(feed: Feed, stores: Stores) -> str:
    """What is wrong with the records."""
    refused = stores.records.set_aside
    if refused:
        return f"{refused} facts were refused and are set aside in the table fact_set_aside; the rest goes on"
    return feed.health()


async def _learned(centre: Centre, records: AsyncEngine, now_ms: int) -> Believed:
    """What the outlook believes after the records of the last weeks. Raises what their driver does."""
    days = 7 * centre.outlook.weeks
    since_ms = now_ms - days * DAY_MS
    seen = await observed(records, centre.centre.zone, since_ms, now_ms)
    opened = hours(centre, since_ms, days + 1)
    return learned(prior(centre), seen, centre.centre.zone, opened, centre.outlook.weighs)


def _ledger(stores: Stores, node: str) -> Ledger:
    """The dialplan's, which forgets what stands in the records."""

    async def recorded(calls: Sequence[str]) -> set[str]:
        return await queries.ended(stores.records.engine, node, calls)

    return Ledger(node, recorded, time.time)


def _publisher(
    centre: Centre,
    picture: Picture,
    changes: Changes,
    name: Callable[[], str],
    alarms: Callable[[], Sequence[Mapping[str, Any]]],
) -> Publisher | None:
    told, mqtt = broker(centre), centre.mqtt
    if told is None or mqtt is None:
        return None
    described = partial(Described, language=mqtt.language, url=centre.web.public_url)
    return Publisher(told, picture, changes, random.random, lambda: described(name()), alarms)


def _connector(centre: Centre, secret: str) -> Callable[[], Awaitable[AmiLink]]:
    pbx = centre.pbx

    async def connect() -> AmiLink:
        return await AmiLink.connect(pbx.ami_host, pbx.ami_port, pbx.ami_user, secret)

    return connect
