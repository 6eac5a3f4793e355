"""The program `acd`: runs the daemon, checks and renders configuration, keeps staff and databases."""

import asyncio
import os
import shlex
import signal
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from acd import (
    __version__,
    admitting,
    asking,
    caseload,
    daemon,
    heard,
    installing,
    logs,
    opening,
    privacy,
    remade,
    staff,
)
from acd.case_key import KeyFault
from acd.outlook.rostered import rostered
from acd.pbx import place
from acd.pbx.place import NoAsterisk
from acd.pbx.render import NoModules, NotOurs
from acd.pbx.secrets import SecretsExposed
from acd.pbx.speech import SoundFault
from acd.people.audit import commanded
from acd.people.local import TokenFault
from acd.people.service import operator
from acd.ports import Announced, Decision, Fenced, Snapshot
from acd.proof import compare, prove
from acd.request import serving
from acd.saying import DEFAULT, ConfigFile
from acd.saying import centre_of as _centre
from acd.saying import fail as _fail
from acd.saying import saying as _saying
from acd.store import open as stores
from acd.store import queries, roster
from acd.store.codec import UnreadableEvent
from acd.store.journal import SqlJournal
from acd.store.lock import StoreTaken
from acd.store.open import StoreFault
from acd.store.roster import FILE, IMPORTED, Staff
from acd.web.server import PortTaken
from agents.model import Cefr, Team
from config import prompts, staff_csv
from config.load import ConfigFaults, Fault, load
from config.people import policy as policy_of
from config.people import team
from config.prompts import Sounds, sounds
from config.schema import Centre
from routing.facts import ShadowDiffered
from routing.index import Choice

TAKEN = 3
FENCED = 4
"""Exit codes: another daemon runs on these stores; another one leads by now."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Call distribution for a multilingual public hotline.",
)
pbx = typer.Typer(no_args_is_help=True, help="What Asterisk needs.")
staffing = typer.Typer(no_args_is_help=True, help="Who works here.")
db = typer.Typer(no_args_is_help=True, help="The databases.")
hearing = typer.Typer(no_args_is_help=True, help="What callers hear.")
announcing = typer.Typer(no_args_is_help=True, help="An emergency announcement to all who call or wait.")
app.add_typer(announcing, name="announce")
app.add_typer(pbx, name="pbx")
app.add_typer(staffing, name="staff")
app.add_typer(db, name="db")
app.add_typer(hearing, name="sounds")
app.add_typer(admitting.app, name="people")
app.add_typer(caseload.app, name="cases")
app.add_typer(remade.app, name="records")
app.add_typer(privacy.app, name="privacy")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", help="The release, and nothing else.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


@app.command()
def run(
    config: ConfigFile = DEFAULT,
    log_form: Annotated[
        logs.Form, typer.Option("--log-form", help="auto: for systemd's journal where it listens, else text.")
    ] = "auto",
    log_level: Annotated[logs.Level, typer.Option("--log-level", help="Nothing below is said.")] = "info",
) -> None:
    """Run the daemon until it is stopped (Ctrl-C or SIGTERM). Needs a running Asterisk; waits for it.
    SIGHUP has it read its file again.

    Exit 2: something cannot be used, and is named; 3: another daemon runs on these stores; 4: another one
    leads by now.
    """
    logs.configure(log_form, log_level)
    try:
        asyncio.run(_run(config))
    except ConfigFaults as fault:
        raise _fail(*map(str, fault.faults)) from None
    except (StoreFault, UnreadableEvent, PortTaken, SecretsExposed, TokenFault) as fault:
        raise _fail(str(fault)) from None
    except StoreTaken as taken:
        raise _fail(str(taken), code=TAKEN) from None
    except Fenced as fenced:
        raise _fail(f"ended: {fenced}", code=FENCED) from None


@app.command()
def request(config: ConfigFile = DEFAULT) -> None:
    """Serve the public form by which people ask to be called ([request]), as a user of its own.

    Exit 2: something cannot be used, and is named.
    """
    try:
        serving.serve(config)
    except ConfigFaults as fault:
        raise _fail(*map(str, fault.faults)) from None
    except serving.RequestFault as fault:
        raise _fail(str(fault)) from None


async def _run(config: Path) -> None:
    task = asyncio.ensure_future(daemon.run(config, lambda url: typer.echo(f"live page: {url}")))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        typer.echo("stopped")


def _shadow_of(centre: Centre) -> Centre | None:
    name = centre.routing.shadow
    return load(centre.path(name)) if name else None


@app.command()
def check(config: ConfigFile = DEFAULT) -> None:
    """Check the configuration and its prompts: every fault at once, with file, key and reason (exit 2)."""
    centre = _centre(config)
    found: list[Fault] = []
    spoken: Sounds = {}
    try:
        _shadow_of(centre)
    except ConfigFaults as fault:
        found += fault.faults
    try:
        spoken = sounds(prompts.beside(config), centre)
    except ConfigFaults as fault:
        found += fault.faults
    if found:
        raise _fail(*map(str, found))
    typer.echo(f"{config}: good ({len(centre.languages)} languages, {len(centre.concerns)} concerns)")
    try:
        people = asyncio.run(_in_force(centre))
    except StoreFault as fault:
        typer.echo(f"{config}: warning: which staff is in force cannot be told: {fault}")
        people = Staff(FILE, 0, team(centre))
    else:
        typer.echo(staff.said(people, centre, config))
    for key, reason in staff.misfits(people.team, centre) if people.source == IMPORTED else ():
        typer.echo(f"{config}: warning: the imported staff does not fit: {key}: {reason}")
    for wrong in rostered(centre, [each.id for each in people.team.agents]).faults:
        typer.echo(f"{config}: warning: the duty roster: {wrong}")
    if helpless := centre.without_help(each.reach.address for each in people.team.agents):
        typer.echo(
            f"{config}: warning: 112 and 110 lead nowhere from {', '.join(helpless)}, and who dials them "
            "there hears so: name a route in [[emergency]]"
        )
    if unknown := centre.announcement.unknown_phones(each.reach.address for each in people.team.agents):
        typer.echo(
            f"{config}: warning: announcement.phones names {', '.join(unknown)}, which nobody of the staff "
            "has: nothing can be recorded there"
        )
    for each in heard.warnings(spoken, centre, prompts.beside(config)):
        typer.echo(f"{config}: warning: {each}")


CANNOT_RENDER = (
    ConfigFaults,
    StoreFault,
    SecretsExposed,
    KeyFault,
    SoundFault,
    NotOurs,
    NoModules,
    NoAsterisk,
    installing.NoUser,
    OSError,
)


@pbx.command("render")
def pbx_render(config: ConfigFile = DEFAULT) -> None:
    """Write Asterisk's files, the spoken prompts and music to where Asterisk reads them ([pbx] folder), and
    have a running Asterisk take them. Recordings that lie there already stay."""
    centre = _centre(config)
    with _saying(*CANNOT_RENDER):
        where = place.of(centre)
        typer.echo(installing.rendered(config, centre, _staff(centre).team))
    typer.echo(f"Asterisk is started by: {shlex.join(where.start(os.geteuid() == 0))}")
    _resync(centre)


@pbx.command("install")
def pbx_install(
    units: Annotated[Path, typer.Option("--units", help="Where systemd looks: /etc/systemd/system.")],
    config: ConfigFile = DEFAULT,
    user: Annotated[str, typer.Option("--user", help="Who the daemon runs as.")] = "acd",
) -> None:
    """Write Asterisk's files as render does, and the services of Asterisk and the daemon, with the paths of
    this machine. As root."""
    centre = _centre(config)
    with _saying(*CANNOT_RENDER):
        typer.echo(installing.installed(config, centre, _staff(centre).team, units, user))
    _resync(centre)


def _resync(centre: Centre) -> None:
    """A running daemon sees at once what Asterisk has taken."""
    with suppress(asking.NotRunning):
        asking.resync(centre)


@hearing.command("list")
def sounds_list(
    config: ConfigFile = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Each sound that callers hear: recorded by a person, rendered, old (another text or voice by now) or
    missing, too long or too quiet; and the voice of each language with its licence."""
    centre = _centre(config)
    with _saying(ConfigFaults, NoAsterisk, OSError):
        spoken = sounds(prompts.beside(config), centre)
        found = heard.heard(spoken, centre, heard.folder(place.of(centre)))
    typer.echo(heard.as_json(found, centre) if as_json else heard.table(found, centre))


@hearing.command("book")
def sounds_book(
    language: Annotated[str, typer.Argument(help="Its code, as in [[language]].")],
    config: ConfigFile = DEFAULT,
) -> None:
    """Print a script for a speaker of a language (Markdown): every sentence, its file, its length, notes."""
    centre = _centre(config)
    if language not in centre.languages:
        raise _fail(f"{language[:20]!r} is no language of this centre; known: {', '.join(centre.languages)}")
    with _saying(ConfigFaults, OSError):
        where = prompts.beside(config)
        typer.echo(heard.book(sounds(where, centre), centre, language, prompts.about(where, language).notes))


@app.command()
def ready(
    config: ConfigFile = DEFAULT,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds until all has to be well.")] = 0,
) -> None:
    """Ask the running daemon whether every part works (exit 1 if not, 2 if none runs)."""
    with _saying(asking.NotRunning):
        parts = asking.ready(_centre(config), wait)
    for part, words in parts.items():
        typer.echo(f"{part}: {words}")
    if set(parts.values()) != {"ok"}:
        raise typer.Exit(1)


@app.command()
def reload(config: ConfigFile = DEFAULT) -> None:
    """Have the running daemon read its file again, and say what came of it, key by key. What Asterisk has to
    know is written anew where whoever runs this may, and Asterisk takes it."""
    centre = _centre(config)
    with _saying(asking.NotRunning, asking.Refused):
        _reloaded(config, centre)


def _reloaded(config: Path, centre: Centre) -> None:
    """Raises NotRunning, Refused."""
    found = asking.reload(centre)
    for line in found.lines():
        typer.echo(line)
    if found.asterisk:
        with _saying(*CANNOT_RENDER):
            if installing.may_render(centre):
                typer.echo(installing.rendered(config, centre, _staff(centre).team))
        _resync(centre)


@announcing.command("on")
def announce_on(
    config: ConfigFile = DEFAULT,
    text: Annotated[
        list[str],
        typer.Option("--text", help="LANGUAGE=TEXT, once a language; the others hear a stock sentence."),
    ] = [],  # noqa: B006 typer copies it
    recording: Annotated[
        list[str],
        typer.Option("--recording", help="A recording of `acd announce list`, once a language."),
    ] = [],  # noqa: B006
    ends_calls: Annotated[bool, typer.Option("--ends-calls", help="Who hears it is let go.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="For the journal, in a few words.")] = "",
) -> None:
    """Tell it at once to everybody who waits, and to everybody who calls."""
    pairs = [each.partition("=") for each in text]
    if wrong := [each for each, (code, _, words) in zip(text, pairs, strict=True) if not (code and words)]:
        raise _fail(*(f"--text {each[:60]!r}: write LANGUAGE=TEXT, as in de=Guten Tag." for each in wrong))
    centre = _centre(config)
    with _saying(asking.NotRunning, asking.Refused):
        texts = {code: words for code, _, words in pairs}
        _announced(asking.announce(centre, texts, recording, ends_calls, reason))


@announcing.command("off")
def announce_off(
    config: ConfigFile = DEFAULT,
    reason: Annotated[str, typer.Option("--reason", help="For the journal, in a few words.")] = "",
) -> None:
    """Tell it to nobody any more."""
    with _saying(asking.NotRunning, asking.Refused):
        _announced(asking.announce_no_more(_centre(config), reason))


@announcing.command("show")
def announce_show(config: ConfigFile = DEFAULT) -> None:
    """Say whether one is on, and in which languages by its own text."""
    with _saying(asking.NotRunning, asking.Refused):
        _announced(asking.announced(_centre(config)))


@announcing.command("list")
def announce_list(config: ConfigFile = DEFAULT) -> None:
    """What was recorded by phone and is kept, the oldest first: name, language, when, how long."""
    with _saying(asking.NotRunning, asking.Refused):
        for each in asking.announcements_kept(_centre(config)):
            at = datetime.fromtimestamp(each.at_s).astimezone().isoformat(" ", "minutes")
            typer.echo(f"{each.name}  {each.language}  {at}  {each.seconds:.0f} s")


@announcing.command("delete")
def announce_delete(
    name: Annotated[str, typer.Argument(help="As `acd announce list` names it.")],
    config: ConfigFile = DEFAULT,
) -> None:
    """Delete a recording that is not on."""
    with _saying(asking.NotRunning, asking.Refused):
        asking.delete_announcement(_centre(config), name)
        typer.echo(f"{name}: deleted")


def _announced(found: Announced) -> None:
    typer.echo(("on, and ends calls" if found.ends_calls else "on") if found.on else "off")
    if found.since_ms:
        since = datetime.fromtimestamp(found.since_ms / 1000).astimezone().isoformat(" ", "minutes")
        typer.echo(f"since {since}, by {found.by}")
    own = (("text", "their own text"), ("recording", "a recording"), ("stock", "the stock sentence"))
    for how, words in own:
        if codes := [code for code, what in found.languages.items() if what == how]:
            typer.echo(f"{words}: {', '.join(codes)}")
    if found.trouble:
        typer.echo(found.trouble)


def _staff(centre: Centre) -> Staff:
    """Who works here, by import or by the file; nothing is made to find that out."""
    with _saying(StoreFault):
        return asyncio.run(_in_force(centre))


async def _in_force(centre: Centre) -> Staff:
    where = opening.store_urls(centre)["records"]
    if not stores.is_there(where):
        return Staff(FILE, 0, team(centre))
    engine = await stores.readable("records", where)
    try:
        return await roster.in_force(engine, centre)
    finally:
        await engine.dispose()


@staffing.command("list")
def staff_list(config: ConfigFile = DEFAULT) -> None:
    """List members of staff with their phones, languages and concerns, and where they come from."""
    centre = _centre(config)
    found = _staff(centre)
    typer.echo(staff.said(found, centre, config))
    for agent in found.team.agents:
        languages = " ".join(f"{code}:{Cefr(level).name}" for code, level in agent.languages)
        concerns = " ".join(f"{key}:{level}" for key, level in agent.concerns)
        typer.echo(f"{agent.id}  {agent.name}  {agent.reach.address}  {languages}  {concerns}")


@staffing.command("import")
def staff_import(
    file: Annotated[Path, typer.Argument(help="CSV: id, name, phone, languages, concerns.")],
    config: ConfigFile = DEFAULT,
) -> None:
    """Put the members of staff of a CSV file in force in place of those of the configuration file: all of it,
    or nothing and every fault by line. `acd staff from-file` goes back.

    languages are written like "de:native en:C1", concerns like "study:4 other:3".
    """
    centre = _centre(config)
    with _saying(ConfigFaults):
        people = staff_csv.read(file, centre)
    _use(config, centre, people)


@staffing.command("from-file")
def staff_from_file(config: ConfigFile = DEFAULT) -> None:
    """Put the [[staff]] of the configuration file in force again, in place of those that were imported."""
    _use(config, _centre(config), None)


@staffing.command("export")
def staff_export(
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    config: ConfigFile = DEFAULT,
) -> None:
    """Write the members of staff in force as the CSV file that `acd staff import` reads."""
    centre = _centre(config)
    found = _staff(centre)
    with _saying(ConfigFaults, OSError):
        staff_csv.write(file, found.team)
    typer.echo(staff.said(found, centre, config))


def _use(config: Path, centre: Centre, people: Team | None) -> None:
    """None: the file's."""
    with _saying(StoreFault):
        asyncio.run(_keep(centre, people))
    try:
        _reloaded(config, centre)
    except asking.NotRunning as fault:
        typer.echo(staff.said(_staff(centre), centre, config))
        typer.echo(f"{fault}: in force at its next start; Asterisk learns new phones by acd pbx render")
    except asking.Refused as fault:
        raise _fail("kept, but the running daemon refuses its file:", *str(fault).splitlines()) from None


async def _keep(centre: Centre, people: Team | None) -> None:
    engine = await stores.ready("records", opening.store_urls(centre)["records"])
    try:
        await roster.keep(engine, people, round(time.time() * 1000))
        done = ("staff_import", f"{len(people.agents)} people") if people else ("staff_from_file", "")
        await commanded(engine, operator().actor, *done)
    finally:
        await engine.dispose()


@db.command("upgrade")
def db_upgrade(config: ConfigFile = DEFAULT) -> None:
    """Bring the databases to this release's schema. Stop the daemon first."""
    try:
        revisions = asyncio.run(stores.upgrade(opening.store_urls(_centre(config))))
    except StoreFault as fault:
        raise _fail(str(fault)) from None
    except StoreTaken as taken:
        raise _fail(str(taken), code=TAKEN) from None
    for store, revision in revisions.items():
        typer.echo(f"{store}: {revision}")


@app.command()
def replay(
    journal: Annotated[
        Path | None, typer.Argument(help="A journal.db, from anywhere; without it the configuration's.")
    ] = None,
    config: ConfigFile = DEFAULT,
    policy: Annotated[Path | None, typer.Option("--policy", help="Another configuration to compare.")] = None,
) -> None:
    """Decide everything in a journal again and prove it equal to what it says was decided (exit 1 if not).

    The journal alone is needed: it holds the policies and rosters that were in force, and every offer.

    With --policy, list each decision that the other file would have made differently in the same
    situation. What the day would then have become is the planner's to say.
    """
    if journal is None:
        where = opening.store_urls(_centre(config))["journal"]
    elif journal.is_file():
        where = f"sqlite+aiosqlite:///{journal.resolve()}"
    else:
        raise _fail(f"{journal}: is no file; name a journal.db")
    try:
        good = asyncio.run(_replay(where, _centre(policy) if policy else None))
    except (StoreFault, UnreadableEvent) as fault:
        raise _fail(str(fault)) from None
    if not good:
        raise typer.Exit(1)


async def _replay(where: str, other: Centre | None) -> bool:
    journal = await SqlJournal.open(await stores.ready("journal", where, make=False))
    try:
        begin = await journal.begin()
        if other is not None:
            return await _compare(journal, begin, other)
        proof = await prove(journal, begin)
        for then, now in proof.wrong:
            typer.echo(f"written down: {_decided(then)}; decided again: {_decided(now)}")
        typer.echo(f"{proof.events} events, {proof.offers} offers, {len(proof.wrong)} decided otherwise")
        if proof.unwritten:
            typer.echo(f"{proof.unwritten} of the offers were not written down: the daemon was killed then")
        return not proof.wrong
    finally:
        await journal.close()


def _decided(offer: Decision | None) -> str:
    if offer is None:
        return "nothing"
    return f"event {offer.seq} offers visit {offer.visit} to {offer.agent}"


async def _compare(journal: SqlJournal, begin: Snapshot | None, other: Centre) -> bool:
    first = await anext(aiter(journal.read(0)), None)
    rules = policy_of(other, first.at_ms if first else 0)
    count = 0
    async for each in compare(journal, begin, rules):
        count += 1
        typer.echo(_difference(each, other))
    typer.echo(f"{count} decisions would have been different")
    return True


def _difference(each: ShadowDiffered, centre: Centre) -> str:
    at = datetime.fromtimestamp(each.at_ms / 1000, centre.centre.zone)
    return f"{at:%Y-%m-%d %H:%M:%S}  now: {_said(each.live)}  other: {_said(each.shadow)}"


def _said(choice: Choice | None) -> str:
    if choice is None:
        return "nobody yet"
    values = f"step {choice.step}, {choice.language} {Cefr(choice.language_level).name}"
    reasons = f"{values}, concern {choice.concern_level}, {choice.candidates} candidates"
    return f"visit {choice.visit} to {choice.agent} ({reasons}, by {choice.decided_by})"


@app.command()
def shadow(
    config: ConfigFile = DEFAULT,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 100,
) -> None:
    """List what the shadow policy (routing.shadow) would have decided otherwise, the newest last."""
    centre = _centre(config)
    try:
        found = asyncio.run(_differences(centre, limit))
    except StoreFault as fault:
        raise _fail(str(fault)) from None
    for each in reversed(found):
        typer.echo(_difference(each, centre))
    typer.echo(f"{len(found)} decisions would have been different")


async def _differences(centre: Centre, limit: int) -> list[ShadowDiffered]:
    engine = await stores.ready("records", opening.store_urls(centre)["records"], make=False)
    try:
        return await queries.differences(engine, limit)
    finally:
        await engine.dispose()


@app.command()
def demo(config: ConfigFile = DEFAULT) -> None:
    """Run a whole hotline on this machine: Asterisk, daemon, simulated callers and phones, until Ctrl-C."""
    from acd.demo.hotline import DaemonEnded
    from acd.demo.show import NotInstalled, show

    async def until_stopped() -> None:
        showing = asyncio.ensure_future(show(_centre(config), prompts.beside(config)))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, showing.cancel)
        try:
            await showing
        except asyncio.CancelledError:
            typer.echo("stopped; nothing is left behind")

    try:
        asyncio.run(until_stopped())
    except (NotInstalled, NoAsterisk, DaemonEnded, StoreFault, PortTaken, SoundFault) as fault:
        raise _fail(str(fault)) from None


@app.command()
def version() -> None:
    """Print the release."""
    typer.echo(__version__)


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def plan(context: typer.Context) -> None:
    """Plan staff: simulate a year, vary it, report. Needs the extra named plan."""
    try:
        from acd import plan as planner
    except ModuleNotFoundError as missing:
        raise _fail(
            f"acd plan: {missing.name} is not installed; the planner is an extra: welcomecenter-acd[plan]"
        ) from None
    planner.app(context.args, prog_name="acd plan")


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def report(context: typer.Context) -> None:
    """Report what was: a month for the council. Needs the extra named plan."""
    try:
        from acd.plan import month
    except ModuleNotFoundError as missing:
        raise _fail(
            f"acd report: {missing.name} is not installed; the reports are of the extra: "
            "welcomecenter-acd[plan]"
        ) from None
    month.app(context.args, prog_name="acd report")


def main() -> None:
    """The entry point."""
    app()
