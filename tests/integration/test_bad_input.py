"""The program as an administrator meets it: every fault is one clear sentence and an exit code."""

import asyncio
import shutil
import socket
import sqlite3
import sys
from pathlib import Path

import pytest

from acd import replay
from acd.demo.hotline import NUMBER, PROJECT, configured
from acd.store.journal import SqlJournal
from acd.store.open import ready, urls
from routing.engine import Engine
from tests.integration.conftest import Watched
from tests.integration.test_calls import GERMAN_OTHER, LAST, newest

SOURCE = PROJECT / "config" / "welcomecenter.toml"
ACD = (sys.executable, "-c", "from acd.cli import main; main()")


async def acd(*words: str, stop_at: str = "", answer: str = "") -> tuple[int, str]:
    """Run the program to its end, or until it says `stop_at`; its exit code and words. answer: to what it
    asks."""
    process = await asyncio.create_subprocess_exec(
        *ACD,
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=PROJECT,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdin.write(f"{answer}\n".encode() if answer else b"")
    process.stdin.close()
    said = b""
    async with asyncio.timeout(30):
        while line := await process.stdout.readline():
            said += line
            if stop_at and stop_at in line.decode():
                process.terminate()
                stop_at = ""
        return await process.wait(), said.decode()


async def test_staff_has_one_source_at_a_time_and_every_command_says_which(
    config: Path, tmp_path: Path
) -> None:
    where = ("--config", str(config))
    file, small = tmp_path / "out.csv", tmp_path / "small.csv"
    small.write_text("id,name,phone,languages,concerns\nada,Ada,p77,de:C1,other:3\n", encoding="utf-8")
    files = f"15 members of staff in force, of {config}"
    for command in (("check",), ("staff", "list"), ("staff", "export", str(file))):
        code, said = await acd(*command, *where)
        assert (code, files in said) == (0, True), said
    assert not (tmp_path / "var").exists(), "who only asks makes no store"
    others = file.read_text(encoding="utf-8")

    def imported(count: int, said: str) -> bool:
        words = f"{count} members of staff in force since 20"
        return (
            words in said and f"by import; the 15 [[staff]] of {config} are not (acd staff from-file" in said
        )

    code, said = await acd("staff", "import", str(small), *where)
    assert (code, imported(1, said)) == (0, True), said
    for command in (("check",), ("staff", "list"), ("staff", "export", str(file))):
        code, said = await acd(*command, *where)
        assert (code, imported(1, said)) == (0, True), said
    assert file.read_text(encoding="utf-8") == small.read_text(encoding="utf-8")
    code, said = await acd("check", *where)
    assert "112 and 110 lead nowhere from p77," in said, "of those in force"
    config.write_text(config.read_text(encoding="utf-8").replace('"other"', '"others"'), encoding="utf-8")
    code, said = await acd("staff", "from-file", *where)
    assert code == 2, "a file that cannot be used brings nobody back"
    config.write_text(config.read_text(encoding="utf-8").replace('"others"', '"other"'), encoding="utf-8")
    code, said = await acd("staff", "from-file", *where)
    assert (code, "15 members of staff in force since 20" in said, "by import" in said) == (0, True, False), (
        said
    )
    assert (await acd("staff", "export", str(file), *where))[0] == 0
    assert file.read_text(encoding="utf-8") == others


async def test_an_imported_roster_that_names_what_is_gone_from_the_file_is_said_by_check(
    config: Path, tmp_path: Path
) -> None:
    where = ("--config", str(config))
    csv = tmp_path / "staff.csv"
    csv.write_text("id,name,phone,languages,concerns\nada,Ada,p77,de:C1,employer:3\n", encoding="utf-8")
    assert (await acd("staff", "import", str(csv), *where))[0] == 0
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('key = "employer"', 'key = "firms"').replace("employer = ", "firms = "))
    prompts = tmp_path / "prompts"
    shutil.copytree(PROJECT / "config" / "prompts", prompts)
    for each in prompts.glob("*.toml"):
        words = each.read_text(encoding="utf-8").replace("employer = ", "firms = ")
        each.write_text(words, encoding="utf-8")
    code, said = await acd("check", *where)
    assert code == 0, said
    assert "warning: the imported staff does not fit: ada.concerns: names 'employer'" in said


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return configured(SOURCE, tmp_path, {})


async def test_the_commands_of_the_readme(config: Path, tmp_path: Path) -> None:
    where = ("--config", str(config))
    code, said = await acd("check", "--config", str(SOURCE))
    assert (code, "15 members of staff" in said) == (0, True)
    assert "warning: 112 and 110 lead nowhere from p01, p02" in said
    assert (await acd("db", "upgrade", *where))[0] == 0
    code, said = await acd("staff", "import", str(PROJECT / "config" / "staff.example.csv"), *where)
    assert (code, "in force at its next start" in said) == (0, True)
    code, said = await acd("staff", "list", *where)
    assert said.splitlines()[1].startswith("amal  Amal Haddad  p01  ar:NATIVE")
    for words in (
        [],
        ["run"],
        ["check"],
        ["pbx", "render"],
        ["pbx", "install"],
        ["staff", "list"],
        ["staff", "import"],
        ["staff", "export"],
        ["staff", "from-file"],
        ["reload"],
        ["ready"],
        ["db", "upgrade"],
        ["replay"],
        ["shadow"],
        ["privacy", "report"],
        ["privacy", "export"],
        ["privacy", "erase"],
        ["demo"],
    ):
        code, said = await acd(*words, "--help")
        assert (code, "Usage" in said) == (0, True)


async def test_check_exits_with_2_and_names_everything(config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace("wrap_up_seconds", "wrapup_seconds")
    config.write_text(text.replace('node = "pbx1"', 'node = "PBX 1"'), encoding="utf-8")
    code, said = await acd("check", "--config", str(config))
    assert code == 2
    assert len(said.splitlines()) == 3
    assert "staffing.wrapup_seconds: is no key of this table; did you mean wrap_up_seconds?" in said


async def test_check_looks_into_the_shadow_file_and_the_prompts_at_once(config: Path, tmp_path: Path) -> None:
    text = config.read_text(encoding="utf-8")
    (tmp_path / "other.toml").write_text(text.replace("wrap_up_seconds", "wrapup_seconds"), encoding="utf-8")
    config.write_text(text.replace("[routing]\n", '[routing]\nshadow = "other.toml"\n', 1), encoding="utf-8")
    shutil.copytree(PROJECT / "config" / "prompts", tmp_path / "prompts")
    (tmp_path / "prompts" / "tr.toml").write_text("", encoding="utf-8")
    code, said = await acd("check", "--config", str(config))
    assert code == 2
    assert "other.toml: staffing.wrapup_seconds: is no key" in said
    assert "tr.toml: greeting: is missing: write the sentence" in said


@pytest.mark.parametrize("words", [["replay"], ["shadow"], ["privacy", "report"], ["privacy", "erase"]])
async def test_who_only_reads_makes_no_store(config: Path, tmp_path: Path, words: list[str]) -> None:
    code, said = await acd(*words, "--config", str(config), answer="0201 881")
    missing = ("is not there; the daemon makes it at its first start", "cannot be read: No such file")
    assert (code, any(each in said for each in missing)) == (2, True), said
    assert not (tmp_path / "var").exists()


async def test_a_wrong_spreadsheet_changes_nothing(config: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("id,name,phone,languages,concerns\nx,X,p01,de:Z1,study:4\n", encoding="utf-8")
    code, said = await acd("staff", "import", str(bad), "--config", str(config))
    assert (code, "bad.csv: line 2, languages" in said) == (2, True)
    assert not (tmp_path / "var" / "records.db").exists()


async def test_a_port_that_is_taken(config: Path) -> None:
    from config.load import load

    with socket.socket() as other:
        other.bind(("127.0.0.1", load(config).web.port))
        other.listen()
        code, said = await acd("run", "--config", str(config))
    assert code == 2
    assert said.strip().endswith("cannot be used: Address already in use; choose another")


@pytest.mark.parametrize("what", ["read-only", "newer", "no database", "exposed"])
async def test_a_store_that_cannot_be_used(config: Path, tmp_path: Path, what: str) -> None:
    assert (await acd("db", "upgrade", "--config", str(config)))[0] == 0
    records = tmp_path / "var" / "records.db"
    if what == "read-only":
        records.chmod(0o400)
    elif what == "newer":
        with sqlite3.connect(records) as base:
            base.execute("update records_schema set version_num = 'records_9999'")
        base.close()
    elif what == "no database":
        records.write_text("text")
    else:
        (tmp_path / "var" / "secrets.toml").write_text('ami = "x"\n[phones]\n')
    code, said = await acd("run", "--config", str(config))
    wanted = {
        "read-only": "records.db: is read-only",
        "newer": "records.db: its schema 'records_9999' is newer",
        "no database": "records.db: is no SQLite database",
        "exposed": "secrets.toml: others can read it",
    }[what]
    assert (code, wanted in said) == (2, True), said


async def test_a_wrong_ami_secret_is_said_and_the_page_is_there(hotline: Watched, tmp_path: Path) -> None:
    pbx = {"ami_port": hotline.centre.pbx.ami_port}
    config = configured(SOURCE, tmp_path, {"pbx": pbx})
    code, said = await acd("run", "--config", str(config), stop_at="refuses the AMI user")
    assert (code, "wrong secret?" in said) == (0, True)


async def test_a_number_stands_nowhere_but_in_the_vault_and_goes_without_a_trace(hotline: Watched) -> None:
    before = newest(hotline)
    number = "2018876543"
    for caller in (f"0{number}", f"+49{number}"):
        call = await hotline.sipp.call(NUMBER, GERMAN_OTHER, caller=caller, name="Müller", hang_up_ms=2500)
        await call.finished()
    await hotline.row(LAST, before)
    rows = hotline.rows("select token from visit where id > ? and token != ''", before)
    assert len({row["token"] for row in rows}) == 1, "one number, one token"

    def holding() -> set[str]:
        folders = (hotline.folder / "var", hotline.asterisk.folder)
        return {
            path.name
            for folder in folders
            for path in folder.rglob("*")
            if number in path.name or (path.is_file() and number.encode() in path.read_bytes())
        } | ({"daemon.log"} if number in hotline.log.read_text() else set())

    assert holding() <= {"vault.db", "vault.db-wal"}
    assert holding()
    decided = await replayed(hotline)
    erase = ("privacy", "erase", "--config", str(hotline.config))
    assert await acd(*erase, answer="nonsense") == (
        2,
        "telephone number: that is no telephone number; write one like +49 201 8812345 or 0201 8812345\n",
    )
    done, said = await acd(*erase, answer=f"0{number}")
    assert (done, said.partition(": ")[2].partition(":")[0]) == (0, "the number is forgotten")
    assert "not erased by this: backups made before, recordings of talks" in said
    assert holding() == set(), "while the daemon runs"
    assert await acd(*erase, answer=f"0{number}") == (1, "telephone number: the number is not known\n")
    await hotline.stop_daemon()
    assert holding() == set()
    assert len(decided) > 10
    assert (await replayed(hotline))[: len(decided)] == decided


async def replayed(hotline: Watched) -> list[str]:
    """Every decision of the kept journal, made again from nothing."""
    journal = await SqlJournal.open(await ready("journal", urls(hotline.folder / "var", {})["journal"]))
    try:
        return [repr(effects) async for _, effects in replay.replay(Engine(), journal, 0)]
    finally:
        await journal.close()
