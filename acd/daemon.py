"""The composition root: opens the stores, replays the journal, runs loop, link, recorder, page, broker."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from acd import replay
from acd.clock import SystemClock
from acd.feed import Feed
from acd.metrics import Metrics
from acd.mqtt import Broker, Publisher
from acd.pbx import secrets
from acd.pbx.link import AmiLink
from acd.pbx.port import PbxPort
from acd.pbx.translate import Translator
from acd.picture import Picture
from acd.ports import DAEMON, Arrival, Journal, JournalRefused, Listener, PbxLink, Recorder
from acd.runner import Runner
from acd.store import codec, queries
from acd.store.cases import SqlCases
from acd.store.journal import SqlJournal
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder, moment
from acd.store.vault import SqlVault
from acd.web import token
from acd.web.app import make_app
from acd.web.deps import Answer, ServiceLevel, WebDeps
from acd.web.explaining import Explaining
from acd.web.live import Live
from acd.web.server import WebServer, listen
from agents.model import Roster
from config.load import ConfigFaults, load
from config.people import policy, roster
from config.schema import Centre
from routing.events import (
    JournalGap,
    PolicyChanged,
    PriorityGiven,
    RosterChanged,
    ShadowChanged,
    StaffAsked,
    TermBegan,
)
from routing.facts import EventRefused, Fact, StaffRefused
from routing.policy import Policy

DRIFT_S = 300.0
HOUR_S = 3_600.0
LEVEL_S = 2.0
STOP_S = 5.0
DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wraps:
    """Where a test puts itself between the parts, to inject a fault; the daemon runs without."""

    journal: Callable[[Journal], Journal] = lambda journal: journal
    recorder: Callable[[Recorder], Recorder] = lambda recorder: recorder
    link: Callable[[PbxLink], PbxLink] = lambda link: link


class _Touch:
    """Tells pages and broker that something changed."""

    def __init__(self, told: Sequence[Callable[[], None]]) -> None:
        self._told = told

    def facts(self, seq: int, facts: Sequence[Fact]) -> None:
        if facts:
            for touch in self._told:
                touch()


def store_urls(centre: Centre) -> dict[str, str]:
    """The URL of each store of this centre."""
    store = centre.store
    given = {"journal": store.journal_url, "records": store.records_url, "vault": store.vault_url}
    return urls(centre.path(store.folder), given)


def secrets_path(centre: Centre) -> Path:
    """Where passwords of AMI and phones lie."""
    return centre.path(centre.store.folder) / "secrets.toml"


def token_path(centre: Centre) -> Path:
    """Where the API's token lies."""
    return centre.path(centre.store.folder) / "api.token"


async def run(path: Path, started: Callable[[str], None], wraps: Wraps = Wraps()) -> None:
    """Run the centre of a configuration file until cancelled. `started` is told the page's address.

    Raises ConfigFaults, StoreFault, PortTaken, SecretsExposed, TokenExposed before anything has begun.
    """
    centre = load(path)
    taken = listen(centre.web.host, centre.web.port)
    try:
        daemon = await Daemon.open(path, centre, wraps)
    except BaseException:
        taken.close()
        raise
    server = WebServer(daemon.app, taken)
    host, port = taken.getsockname()[:2]
    started(f"http://{host}:{port}/")
    await daemon.run(server)


class Daemon:
    """One leadership term: from the opened stores to the clean stop."""

    def __init__(
        self,
        path: Path,
        centre: Centre,
        journal: Journal,
        recorder: Recorder,
        sql: SqlRecorder,
        vault: SqlVault,
        cases: SqlCases,
        runner: Runner,
        feed: Feed,
        port: PbxPort,
        clock: SystemClock,
        picture: Picture,
    ) -> None:
        self._path = path
        self._centre = centre
        self._journal = journal
        self._recorder = recorder
        self._sql = sql
        self._vault = vault
        self._cases = cases
        self._runner = runner
        self._feed = feed
        self._port = port
        self._clock = clock
        self._picture = picture
        self._digests = ("", "", "")
        self._trouble = ""
        target = centre.service_level
        self._level = ServiceLevel(target.variant, target.clock, target.seconds, 0, 0, 0, 0, 0.0, 1.0)
        self._level_at = 0.0
        self._publisher = self._make_publisher()
        self.app: FastAPI
        self.live: Live

    # --- opening -------------------------------------------------------------------------------------

    @classmethod
    async def open(cls, path: Path, centre: Centre, wraps: Wraps) -> "Daemon":
        """Open everything and bring the world and the records to where they were."""
        own = secrets.own(secrets_path(centre), [])
        api_token = token.own(token_path(centre))
        where = store_urls(centre)
        journal = wraps.journal(await SqlJournal.open(await ready("journal", where["journal"])))
        sql = SqlRecorder(await ready("records", where["records"]))
        recorder = wraps.recorder(sql)
        privacy = centre.privacy
        vault = SqlVault(
            await ready("vault", where["vault"]), privacy.number_days, privacy.switchboard_numbers
        )
        cases = SqlCases(sql.engine, centre.routing.classes)
        last, term, at_ms = await journal.last()
        position = await recorder.position()
        engine, after = replay.thaw(await journal.latest_snapshot(position))
        batch: list[tuple[int, Sequence[Fact]]] = []
        async for envelope, effects in replay.replay(engine, journal, after):
            if envelope.seq > position:
                batch.append((envelope.seq, effects.facts))
            if len(batch) >= 256:
                await recorder.record(batch)
                batch = []
        if batch:
            await recorder.record(batch)
        clock = SystemClock(max(at_ms, engine.world.now_ms))
        port = PbxPort(
            _connector(centre, own.ami),
            Translator(centre.centre.node),
            clock.now_ms,
            random.random,
            node=centre.centre.node,
        )
        feed = Feed(recorder, journal)
        registry = CollectorRegistry()
        term = max(term, engine.world.term) + 1
        seq = max(last, position)

        def depths() -> dict[str, int]:
            return {"events": runner.depth(), "records": feed.depth()}

        picture = Picture(lambda: runner.engine.world, clock.now_ms)
        metrics = Metrics(registry, picture, depths)
        listeners: list[Listener] = [feed, metrics]
        runner = Runner(
            engine,
            journal,
            clock,
            wraps.link(port),
            listeners,
            term=term,
            seq=seq,
            vault=vault,
            directory=cases,
            observe=metrics.observe,
        )
        port.attach(runner.submit)
        daemon = cls(path, centre, journal, recorder, sql, vault, cases, runner, feed, port, clock, picture)
        runner.submit(Arrival(TermBegan(term), DAEMON))
        if seq > last:
            runner.submit(Arrival(JournalGap(last + 1, seq), DAEMON))
        await daemon._rules(centre)
        daemon.app, daemon.live = daemon._make_app(api_token, registry)
        touched = [daemon.live.touch]
        if daemon._publisher is not None:
            touched.append(daemon._publisher.touch)
        listeners.append(_Touch(touched))
        runner.listen(listeners)
        return daemon

    def _make_publisher(self) -> Publisher | None:
        mqtt = self._centre.mqtt
        if mqtt is None:
            return None
        file = mqtt.password_file
        password = self._centre.path(file).read_text(encoding="utf-8").strip() if file else ""
        broker = Broker(mqtt.host, mqtt.port, mqtt.prefix, mqtt.user, password, mqtt.tls)
        return Publisher(broker, self._picture, random.random)

    def _make_app(self, api_token: str, registry: CollectorRegistry) -> tuple[FastAPI, Live]:
        centre = self._centre
        return make_app(
            WebDeps(
                centre=centre.centre.name,
                board=self._picture,
                service_level=self._service_level,
                staff=self._staff,
                explain=Explaining(lambda: self._runner.engine.world, self._clock.now_ms),
                differences=lambda limit: queries.differences(self._sql.engine, limit),
                prioritise=self._prioritise,
                cases=self._cases,
                reload=self.reload,
                resync=self._resync,
                health=self.health,
                token=api_token,
                languages={each.code: each.name for each in centre.language},
                concerns={each.key: {"de": each.de, "en": each.en} for each in centre.concern},
                registry=registry,
                hosts=tuple({"127.0.0.1", "localhost", "[::1]", centre.web.host}),
            )
        )

    # --- rules ---------------------------------------------------------------------------------------

    async def _rules(self, centre: Centre) -> None:
        """Put policy and roster in force, where they differ from those that are."""
        world = self._runner.engine.world
        people: Roster = await queries.load_roster(self._sql.engine) or roster(centre)
        rules = policy(centre, self._clock.now_ms())
        shadow = _shadow(centre, self._clock.now_ms())
        digests = (world.policy_digest, world.roster_digest, world.shadow_digest)
        in_force = self._digests if any(self._digests) else digests
        now = (codec.digest(rules), codec.digest(people), codec.digest(shadow) if shadow else "")
        self._cases.use(centre.routing.classes)
        self._picture.smallest = centre.privacy.smallest_cell
        if now[0] != in_force[0]:
            self._runner.submit(Arrival(PolicyChanged(now[0], rules), DAEMON))
        if now[1] != in_force[1]:
            self._runner.submit(Arrival(RosterChanged(now[1], people), DAEMON))
        if now[2] != in_force[2]:
            self._runner.submit(Arrival(ShadowChanged(now[2], shadow), DAEMON))
        self._digests = now

    async def reload(self) -> list[str]:
        """Read the file again and put it in force; every fault instead if it has any."""
        try:
            centre = load(self._path)
            await self._rules(centre)
        except ConfigFaults as fault:
            return [str(each) for each in fault.faults]
        self._centre = centre
        return []

    # --- running -------------------------------------------------------------------------------------

    async def run(self, server: WebServer) -> None:
        """Until cancelled; then stop deciding, record what is left, and keep the world."""
        tasks: list[Awaitable[None]] = [
            self._runner.run(),
            self._feed.run(),
            self._port.run(),
            server.run(),
            self._every(DRIFT_S, self._look_for_drift),
            self._every(HOUR_S, self._housekeeping),
        ]
        if self._publisher is not None:
            tasks.append(self._publisher.run())
        running = [asyncio.ensure_future(task) for task in tasks]
        try:
            await asyncio.gather(*running)
        finally:
            for task in running[2:]:
                task.cancel()
            await asyncio.wait(running[2:], timeout=STOP_S)
            self._runner.stop()
            await asyncio.wait({running[0]}, timeout=5)
            await self._last_words()
            for task in running[:2]:
                task.cancel()
            await asyncio.gather(*running[:2], return_exceptions=True)
            await self._journal.close()
            await self._recorder.close()
            await self._vault.close()

    async def _last_words(self) -> None:
        try:
            async with asyncio.timeout(10):
                await self._feed.drained()
                await self._runner.keep()
        except (TimeoutError, JournalRefused) as fault:
            log.warning("stopped without a snapshot; the next start replays the journal", why=str(fault))

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """For ever; what fails is a visible state, is tried again, and stops nothing else."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
                self._trouble = ""
            except Exception as fault:  # noqa: BLE001 the databases' own faults differ by driver
                said = str(fault).splitlines()[0][:160] if str(fault) else ""
                self._trouble = f"{type(fault).__name__}: {said}; tried again"
                log.warning("housekeeping failed", why=self._trouble)

    async def _look_for_drift(self) -> None:
        self._port.resync(linkup=False)

    async def _housekeeping(self) -> None:
        """Forget what is past its time, and work out the opening hours ahead anew."""
        now = self._clock.now_ms()
        await self._vault.purge(now)
        if isinstance(self._journal, SqlJournal):
            await self._journal.trim(now - self._centre.store.journal_days * DAY_MS)
        await self._rules(self._centre)

    # --- what pages and API ask ----------------------------------------------------------------------

    def health(self) -> dict[str, str]:
        """Part -> "ok" or what is wrong."""
        said = {
            "journal": self._runner.journal_trouble or "ok",
            "link": self._port.health(),
            "routing": self._runner.routing(),
            "clock": self._clock.health(),
            "records": self._feed.health(),
            "vault": self._runner.vault_trouble or "ok",
            "housekeeping": self._trouble or "ok",
        }
        if self._publisher is not None:
            said["broker"] = self._publisher.health()
        return said

    async def _service_level(self) -> ServiceLevel:
        """Today's, asked of the records at most every two seconds; the last one while they do not answer."""
        now = asyncio.get_running_loop().time()
        if now >= self._level_at:
            self._level_at = now + LEVEL_S
            try:
                async with asyncio.timeout(LEVEL_S):
                    self._level = await self._ask_service_level()
            except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                log.warning("no service level from the records", error=type(fault).__name__)
        return self._level

    async def _ask_service_level(self) -> ServiceLevel:
        target = self._centre.service_level
        today = datetime.now(self._centre.centre.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = await queries.counts(
            self._sql.engine,
            moment(int(today.timestamp() * 1000)),
            moment(int((today + timedelta(days=1)).timestamp() * 1000)),
            seconds=target.seconds,
            clock=target.clock,
            short_seconds=target.short_abandon_seconds,
        )
        met, total = queries.fraction(found, target.variant)
        low, high = queries.wilson(met, total)
        return ServiceLevel(
            target.variant,
            target.clock,
            target.seconds,
            met,
            total,
            found.answered,
            found.abandoned,
            low,
            high,
        )

    async def _staff(self, agent: str, what: str, reason: str) -> Answer:
        told = await self._runner.ask(
            Arrival(StaffAsked(agent, "", what, reason, None), f"person:{agent}", reason)
        )
        for fact in told.facts:
            if isinstance(fact, StaffRefused):
                return Answer(False, fact.why)
        return Answer(True, "")

    async def _prioritise(self, visit: int, name: str) -> Answer:
        if name not in dict(self._runner.engine.world.rules.classes):
            return Answer(False, "unknown_class")
        told = await self._runner.ask(Arrival(PriorityGiven(visit, name), "program:api"))
        refused = any(isinstance(fact, EventRefused) for fact in told.facts)
        return Answer(not refused, "unknown_visit" if refused else "")

    async def _resync(self) -> None:
        """Twice, since one snapshot can race with events on their way."""
        for _ in range(2):
            self._port.resync(linkup=False)
            await self._port.resynced()


def _shadow(centre: Centre, now_ms: int) -> Policy | None:
    """The policy of the file that `routing.shadow` names. Raises ConfigFaults."""
    name = centre.routing.shadow
    return policy(load(centre.path(name)), now_ms) if name else None


def _connector(centre: Centre, secret: str) -> Callable[[], Awaitable[AmiLink]]:
    pbx = centre.pbx

    async def connect() -> AmiLink:
        return await AmiLink.connect(pbx.ami_host, pbx.ami_port, pbx.ami_user, secret)

    return connect
