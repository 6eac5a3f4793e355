"""Outside opening hours the caller hears so in their language and is released, with a row that says it."""

from tests.integration.conftest import SOURCE, Watched

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NIGHT = {"hours": {day: list[str]() for day in DAYS}}


async def test_the_closed_announcement_ends_the_call_with_its_own_outcome() -> None:
    from acd.demo.hotline import NUMBER

    async with Watched(SOURCE, NIGHT) as hotline:
        await hotline.start_daemon()
        chose = await hotline.sipp.call(NUMBER, [(300, "4")])
        repeated = await hotline.sipp.call(NUMBER, [(500, "*"), (800, "6")])
        await chose.finished()
        await repeated.finished()
        query = "select language, outcome, queued_at from visit where outcome != '' and language = ?"
        for language in ("tr", "ru"):
            row = await hotline.row(query, language)
            assert (row["outcome"], row["queued_at"]) == ("closed", None)
        await hotline.no_drift()
