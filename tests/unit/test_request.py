"""The public form: taken once, from people, with all faults at once; the daemon's socket takes only ours."""

import asyncio
import json
import os
import pwd
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.installing import NoUser, _meeting
from acd.ports import Wish
from acd.request.app import TRAP, Deps, app
from acd.request.limits import KEPT_MAX, Limit
from acd.request.sending import Socket
from acd.request.serving import RequestFault, key_of
from acd.request.signed import EARLY, FORGED, GOOD, LATE, USED, Marks
from acd.request.windows import windows
from acd.requests import NOT_OURS, SHUT_THEN, Requests
from config.hours import opening_for
from config.load import SHIPPED, ConfigFaults, load
from config.prompts import beside
from config.request_words import books
from config.schema import Centre
from config.tables.callback import Callback
from config.tables.opening import ConcernHours
from config.tables.request import Request
from config.tables.trunk import Trunk

NOW = 1_774_350_000.0  # a Tuesday morning in Essen
KEY = b"k" * 32
APPOINTMENTS = "https://termine.example.org/{language}?anliegen={concern}"


def centre(**changes: object) -> Centre:
    rules = Request(appointment_url=APPOINTMENTS).model_copy(update=changes)
    called = {"callback": Callback(), "trunk": Trunk(provider="192.0.2.30"), "request": rules}
    return load(SHIPPED).model_copy(update=called)


class Bell:
    """Takes wishes; answers what the test says."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.answer = ""

    async def wish(self, wish: Wish) -> str:
        self.wishes.append(wish)
        return self.answer


class Bench:
    """The form, with a clock that the test moves."""

    def __init__(self, of: Centre | None = None, **changes: object) -> None:
        self.now = NOW
        self.bell = Bell()
        self.centre = of or centre(**changes)
        deps = Deps(self.centre, books(self.centre, beside(SHIPPED)), self.bell, KEY, lambda: self.now)
        transport = httpx.ASGITransport(app(deps), client=("192.0.2.7", 1))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://form")

    async def mark(self, wait_s: float = 10) -> str:
        page = (await self.client.get("/")).text
        self.now += wait_s
        found = re.search(r'name="mark" value="([^"]+)"', page)
        assert found is not None
        return found[1]

    async def send(self, **fields: str) -> httpx.Response:
        given = {"language": "uk", "concern": "study", "number": "0201 8888888", "when": "", "case": ""}
        mark = fields.get("mark") or await self.mark()
        given |= {"lang": "en", **fields, "mark": mark}
        return await self.client.post("/", data=given)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    async with made.client:
        yield made


async def test_a_form_becomes_a_wish_and_the_answer_says_nothing_of_the_number(bench: Bench) -> None:
    answer = await bench.send(case="K-2041")
    assert answer.status_code == 200
    assert "Thank you" in answer.text
    assert bench.bell.wishes == [Wish("uk", "study", "+492018888888", "K-2041", 0, 0)]
    again = await bench.send()  # the same number once more
    assert re.sub(r"\s+", "", again.text) == re.sub(r"\s+", "", answer.text)


async def test_a_time_is_one_of_those_on_offer(bench: Bench) -> None:
    offered = windows(bench.centre, round(bench.now * 1000))
    assert len(offered) > 10
    assert all(b.from_ms >= a.until_ms for a, b in pairwise(offered))
    answer = await bench.send(when=offered[3].value)
    assert answer.status_code == 200
    assert bench.bell.wishes[0][-2:] == offered[3]
    answer = await bench.send(when="1-2")
    assert answer.status_code == 422
    assert "one of the times on offer" in answer.text


async def test_all_faults_come_at_once_at_their_fields_and_what_was_typed_stays(bench: Bench) -> None:
    answer = await bench.send(language="xx", concern="", number="12 <b>", case="K 1", when="soon")
    assert answer.status_code == 422
    for field in ("language", "concern", "number", "when", "case"):
        assert f'id="{field}-wrong"' in answer.text
        assert f'href="#{field}"' in answer.text
    assert 'value="12 &lt;b&gt;"' in answer.text
    assert 'value="K 1"' in answer.text
    assert bench.bell.wishes == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("", "Please enter your telephone number"),
        ("hello", "not a telephone number"),
        ("+380501234567", "cannot call this number"),
        ("0900 1234567", "cannot call this number"),
    ],
)
async def test_a_number_that_is_not_called_is_told_so_kindly(bench: Bench, number: str, said: str) -> None:
    answer = await bench.send(number=number)
    assert answer.status_code == 422
    assert said in answer.text
    assert bench.bell.wishes == []


async def test_programs_are_not_served(bench: Bench) -> None:
    answer = await bench.send(**{TRAP: "https://spam.example.org"})
    assert "Thank you" in answer.text
    assert (await bench.send(mark=await bench.mark(0.5))).status_code == 422
    assert (await bench.send(mark=await bench.mark(3_700))).status_code == 422
    assert (await bench.send(mark="x")).status_code == 422
    assert bench.bell.wishes == []


async def test_a_form_is_taken_once(bench: Bench) -> None:
    mark = await bench.mark()
    assert (await bench.send(mark=mark)).status_code == 200
    answer = await bench.send(mark=mark)
    assert (answer.status_code, "sent already" in answer.text) == (422, True)
    assert len(bench.bell.wishes) == 1


async def test_too_many_from_one_address_and_in_all_are_told_to_wait() -> None:
    for limit, numbers in (
        ({"per_address_hour": 2}, ("02018888881", "02018888882", "02018888883")),
        ({"per_hour": 2}, ("02018888881", "02018888882", "02018888883")),
    ):
        bench = Bench(**limit)
        async with bench.client:
            found = [(await bench.send(number=each)).status_code for each in numbers]
            assert found == [200, 200, 429]


async def test_a_number_over_its_cap_is_thanked_as_any_other_and_nothing_more_happens() -> None:
    bench = Bench(per_number_day=2)
    async with bench.client:
        found = [await bench.send(number=each) for each in ("02018888881",) * 3 + ("02018888882",)]
    strip = re.compile(r'value="[^"]*"')
    assert {(each.status_code, strip.sub("", each.text)) for each in found} == {
        (200, strip.sub("", found[0].text))
    }
    assert [each.number for each in bench.bell.wishes] == ["+492018888881"] * 2 + ["+492018888882"]


async def test_only_a_wish_that_was_taken_counts_for_its_number() -> None:
    bench = Bench(per_number_day=1)
    async with bench.client:
        bench.bell.answer = "full"
        assert (await bench.send()).status_code == 503
        bench.bell.answer = ""
        assert (await bench.send()).status_code == 200
    assert len(bench.bell.wishes) == 2


SHORT = ConcernHours.model_validate({"concern": "study", "tue": ["08:00-12:00"], "wed": ["09:00-11:00"]})


def short_days() -> Centre:
    """Study has fewer hours than the centre."""
    made = centre()
    return made.model_copy(update={"hours": made.hours.model_copy(update={"concern": [SHORT]})})


def test_times_on_offer_are_hours_of_what_is_wanted() -> None:
    found = windows(short_days(), round(NOW * 1000), "uk", "study")
    own = opening_for(short_days(), round(NOW * 1000), 5, "uk", "study")
    assert found
    assert all(any(a <= each.from_ms and each.until_ms <= b for a, b in own) for each in found)
    assert set(windows(short_days(), round(NOW * 1000), "uk", "other")) - set(found)


async def test_a_time_at_which_the_concern_is_closed_is_refused_and_the_fitting_ones_are_shown() -> None:
    bench = Bench(of=short_days())
    at = round(bench.now * 1000)
    fitting = {each.value for each in windows(bench.centre, at + 10_000, "uk", "study")}
    shut = next(each.value for each in windows(bench.centre, at + 10_000) if each.value not in fitting)
    answer = await bench.send(when=shut)
    assert (answer.status_code, bench.bell.wishes) == (422, [])
    assert "not there for this concern" in answer.text
    assert set(re.findall(r'<option value="([0-9]+-[0-9]+)"', answer.text)) == fitting
    assert (await bench.send(when=shut, concern="other")).status_code == 200
    asked = await bench.client.get("/?concern=study")
    assert shut not in asked.text


@pytest.mark.parametrize(
    ("became", "said"), [("full", "cannot promise"), ("trouble", "did not work"), ("?", "did")]
)
async def test_what_the_daemon_says_is_told(bench: Bench, became: str, said: str) -> None:
    bench.bell.answer = became
    answer = await bench.send()
    assert (answer.status_code, said in answer.text) == (503, True)


async def test_the_page_is_in_the_language_asked_for_and_from_its_own_side(bench: Bench) -> None:
    page = await bench.client.get("/?lang=ar")
    assert '<html lang="ar" dir="rtl">' in page.text
    assert "مركز الترحيب" in page.text
    assert "\u2066+49\u00a0151\u00a01234567\u2069" in page.text
    page = await bench.client.get("/", headers={"accept-language": "fr-FR,fr;q=0.9"})
    assert '<html lang="fr" dir="ltr">' in page.text
    assert "https://termine.example.org/fr?anliegen=study" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers
    assert "<script" not in page.text


async def test_too_much_and_what_is_no_form_is_answered_all_the_same(bench: Bench) -> None:
    for body in (b"x" * 10_000, b"\xff\xfe", b"&" * 100, b"a=%00"):
        assert (await bench.client.post("/", content=body)).status_code in (422, 429)
    assert (await bench.client.get("/style/../app.py")).status_code == 404


def test_every_language_of_the_centre_has_all_words(tmp_path: Path) -> None:
    found = books(centre(), beside(SHIPPED))
    assert set(found) == set(centre().languages)
    with pytest.raises(ConfigFaults):
        books(centre(), tmp_path)


@given(st.integers(0, 51), st.integers(1, 255))
def test_a_mark_with_any_byte_changed_is_forged(place: int, change: int) -> None:
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    marks = Marks(KEY, 3, 60)
    whole = bytearray(urlsafe_b64decode(marks.made(NOW)))
    assert len(whole) == 52
    whole[place] ^= change
    assert marks.judged(urlsafe_b64encode(bytes(whole)).decode(), NOW + 10) == FORGED


@given(st.text(max_size=80))
def test_whatever_is_sent_as_a_mark_is_forged(text: str) -> None:
    assert Marks(KEY, 3, 60).judged(text, NOW) == FORGED


def test_a_mark_has_its_time_and_is_used_once() -> None:
    marks = Marks(KEY, 3, 60)
    mark = marks.made(NOW)
    assert [marks.judged(mark, NOW + age) for age in (1, 10, 61)] == [EARLY, GOOD, LATE]
    assert Marks(b"j" * 32, 3, 60).judged(mark, NOW + 10) == FORGED
    marks.use(mark, NOW + 10)
    assert marks.judged(mark, NOW + 11) == USED


def test_limits_hold_for_a_span_and_keep_no_more_than_they_may() -> None:
    limit = Limit(KEY, 2, 60)
    for at in (0, 1):
        assert limit.allows("a", at)
        limit.count("a", at)
    assert not limit.allows("a", 2)
    assert limit.allows("b", 2)
    assert limit.allows("a", 61)
    for each in range(KEPT_MAX + 10):
        limit.count(str(each), 100)
    assert len(limit._seen) == KEPT_MAX
    assert not any(each == b"a" for each in limit._seen)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "in" / "request.key"
    made = key_of(path)
    assert (len(made), key_of(path), path.stat().st_mode & 0o777) == (32, made, 0o600)
    path.chmod(0o644)
    with pytest.raises(RequestFault, match="others can read it"):
        key_of(path)


# --- the socket -----------------------------------------------------------------------------------------


@pytest.fixture
async def bell(tmp_path: Path) -> AsyncIterator[tuple[Bell, Path, Requests]]:
    """The daemon's end, listening; what it takes, and where."""
    made, rules = Bell(), centre(folder=str(tmp_path))
    requests = Requests(lambda: rules, made, lambda: round(NOW * 1000))
    running = asyncio.create_task(requests.run())
    path = tmp_path / "request.sock"
    async with asyncio.timeout(5):
        while not path.exists():  # noqa: ASYNC110 the kernel makes it
            await asyncio.sleep(0.01)
    yield made, path, requests
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not path.exists()


async def test_a_wish_goes_through_the_socket(bell: tuple[Bell, Path, Requests]) -> None:
    made, path, _ = bell
    wish = Wish("uk", "study", "+492018888888", "K-1", 0, 0)
    assert await Socket(path).wish(wish) == ""
    made.answer = "full"
    assert await Socket(path).wish(wish) == "full"
    assert made.wishes == [wish, wish]
    assert await Socket(path.with_name("gone")).wish(wish) == "trouble"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}\n",
        b"[1]\n",
        b"\xff\n",
        b'{"language": "uk"}\n',
        json.dumps(Wish("xx", "study", "1", "", 0, 0)._asdict()).encode() + b"\n",
        json.dumps(Wish("uk", "xx", "1", "", 0, 0)._asdict()).encode() + b"\n",
        json.dumps(Wish("uk", "study", "1", "a\nb", 0, 0)._asdict()).encode() + b"\n",
        json.dumps(Wish("uk", "study", "1", "", 5, 4)._asdict()).encode() + b"\n",
        json.dumps(Wish("uk", "study", "1", "", 0, 10**15)._asdict()).encode() + b"\n",
        json.dumps(Wish("uk", "study", "1", "", 0, 0)._asdict() | {"more": 1}).encode() + b"\n",
    ],
)
async def test_what_is_no_wish_of_ours_goes_no_further(
    bell: tuple[Bell, Path, Requests], line: bytes
) -> None:
    made, path, _ = bell
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(line)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    assert answer == b"" or json.loads(answer) == {"became": NOT_OURS}
    assert made.wishes == []


async def test_the_daemon_takes_no_time_at_which_it_is_closed_for_that(
    bell: tuple[Bell, Path, Requests], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, path, requests = bell
    rules = short_days()
    monkeypatch.setattr(requests, "_centre", lambda: rules)
    at = round(NOW * 1000)
    fitting = windows(rules, at, "uk", "study")
    shut = next(each for each in windows(rules, at) if each not in fitting)
    assert await Socket(path).wish(Wish("uk", "study", "+492018888888", "", *shut)) == SHUT_THEN
    assert await Socket(path).wish(Wish("uk", "study", "+492018888888", "", *fitting[0])) == ""
    assert [each[-2:] for each in made.wishes] == [fitting[0]]


async def test_a_line_without_end_and_too_many_at_once_are_let_go(
    bell: tuple[Bell, Path, Requests],
) -> None:
    made, path, requests = bell
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"x" * 10_000)
    assert await reader.read() == b""
    writer.close()
    held = [await asyncio.open_unix_connection(str(path)) for _ in range(16)]
    late, other = await asyncio.open_unix_connection(str(path))
    assert await late.read() == b""
    assert requests.refused == 1
    for _, each in (*held, (late, other)):
        each.close()
    assert made.wishes == []


def test_the_form_and_the_daemon_meet_in_a_folder_that_both_can_write(tmp_path: Path) -> None:
    me = pwd.getpwuid(os.geteuid())
    folder = tmp_path / "request"
    _meeting(folder, me, me.pw_name)
    assert (folder.stat().st_mode & 0o7777, folder.stat().st_gid) == (0o2770, me.pw_gid)
    with pytest.raises(NoUser, match=r"request.user: no-such-user is no user here"):
        _meeting(folder, me, "no-such-user")
