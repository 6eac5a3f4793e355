"""The summary: what the asked staff give, how few would do, up to how many cases, and what is uncertain."""

from collections.abc import Iterator

from simulation.report import answers
from simulation.report.document import Answer, Section, Tile, Tiles
from simulation.report.gather import Material
from simulation.report.names import quantity_name
from simulation.report.sections.doubts import swings
from simulation.report.wording import Voice
from simulation.runs.spread import Estimate
from simulation.scenarios.posts import posts


def section(material: Material, voice: Voice) -> Section:
    """Sentences with numbers and intervals, the most important figures first."""
    asked = material.asked
    rows = answers.estimates(material.base.figures)
    found = {figure.key: each for figure, each in zip(material.figures, rows, strict=True)}
    people, cases = voice.number(asked.staff.people.value), voice.number(asked.cases.in_a_year)
    most = material.field.staff[-1]
    numbers = dict.fromkeys([int(asked.staff.people.value), most])
    return Section(
        "summary",
        voice.say("summary"),
        (
            Tiles(tuple(_tiles(material, voice, found))),
            Answer(
                voice.say("what_it_gives", people=people, cases=cases),
                tuple(_gives(material, voice, found)),
            ),
            *(
                Answer(
                    voice.say("up_to_question", staff=voice.number(staff)),
                    tuple(_up_to(material, voice, staff)),
                )
                for staff in numbers
                if staff in material.field.staff
            ),
            Answer(voice.say("fewest_question", cases=cases), tuple(_fewest(material, voice))),
            Answer(voice.say("uncertain_question"), tuple(_uncertain(material, voice))),
        ),
    )


def criterion(target: answers.Target, voice: Voice) -> str:
    """A target in words."""
    if target.unit == "1":
        return voice.say("criterion_level", target=voice.target(target.value))
    return voice.say("criterion_turnaround", target=voice.days(target.value))


def _tiles(material: Material, voice: Voice, found: dict[str, Estimate]) -> Iterator[Tile]:
    targets, needed = material.asked.targets, posts(material.asked)
    yield Tile(
        voice.say("tile_level"),
        voice.percent(found[material.level].mean),
        voice.say(
            "tile_level_note",
            within=voice.exact(targets.within.value),
            target=voice.target(targets.service_level.value),
        ),
    )
    for key, unit, values in (
        ("wait_p95", "s", {}),
        ("abandonment", "1", {}),
        ("turnaround_p90", "days", {"target": voice.days(targets.turnaround.value)}),
        ("utilisation", "1", {}),
    ):
        if key in found:
            label = f"tile_{key.removesuffix('_p95').removesuffix('_p90')}"
            yield Tile(
                voice.say(label),
                voice.with_unit(found[key].mean, unit),
                voice.say(f"{label}_note", **values),
            )
    yield Tile(
        voice.say("tile_posts"),
        voice.number(needed.needed, 2),
        voice.say("tile_posts_note", there=voice.number(needed.there, 2)),
    )


def _gives(material: Material, voice: Voice, found: dict[str, Estimate]) -> Iterator[str]:
    asked, needed = material.asked, posts(material.asked)
    targets, level = asked.targets, found[material.level]
    verdicts = {
        target.key: voice.say(answers.verdict(target, found[target.key]))
        for target in answers.targets(material)
    }

    yield voice.say(
        "gives_level",
        share=voice.percent(level.mean),
        within=voice.exact(targets.within.value),
        variant=voice.variant(asked),
        interval=voice.interval(level, "1"),
        year=voice.year(level, "1"),
        target=voice.target(targets.service_level.value),
        met=verdicts[material.level],
    )
    yield voice.say(
        "gives_wait",
        wait=voice.with_unit(found["wait_p95"].mean, "s"),
        interval=voice.interval(found["wait_p95"], "s"),
        abandonment=voice.percent(found["abandonment"].mean),
    )
    if "turnaround_p90" in found:
        slow = found["turnaround_p90"]
        yield voice.say(
            "gives_turnaround",
            median=voice.with_unit(found["turnaround_median"].mean, "days"),
            p90=voice.with_unit(slow.mean, "days"),
            interval=voice.interval(slow, "days"),
            target=voice.days(targets.turnaround.value),
            met=verdicts["turnaround_p90"],
        )
    if "backlog_end" in found:
        yield voice.say(
            "gives_backlog",
            backlog=voice.number(found["backlog_end"].mean),
            interval=voice.interval(found["backlog_end"], "cases"),
        )
    if "utilisation" in found:
        yield voice.say(
            "gives_utilisation",
            value=voice.percent(found["utilisation"].mean),
            interval=voice.interval(found["utilisation"], "1"),
        )
    yield voice.say(
        "gives_formula",
        needed=voice.number(needed.needed, 2),
        minutes=voice.number(needed.minutes_of_a_case, 1),
        there=voice.number(needed.there, 2),
    )
    spoken = [
        (each[1].mean, key)
        for key, each, _ in answers.by_cell(material, "language")
        if each[1].mean == each[1].mean
    ]
    if len(spoken) > 1:
        (worst, language), (best, most) = min(spoken), max(spoken)
        yield voice.say(
            "weakest",
            language=voice.language_name(asked, language),
            share=voice.percent(worst),
            best=voice.language_name(asked, most),
            most=voice.percent(best),
        )


def _up_to(material: Material, voice: Voice, staff: int) -> Iterator[str]:
    carried = answers.capacity(material.asked, staff)
    yield voice.say(
        "up_to_formula",
        cases=voice.number(carried),
        there=voice.number(answers.full_posts(material.asked, staff), 2),
    )
    least: float | None = carried
    for target in answers.targets(material):
        limit = answers.limits(material, staff, target)
        what = criterion(target, voice)
        if limit.following is None:
            yield voice.say("up_to_all", what=what, cases=voice.number(limit.upto or 0.0))
        elif limit.upto is None:
            yield voice.say("up_to_none", what=what, following=voice.number(limit.following))
            least = None
        else:
            yield voice.say(
                "up_to",
                what=what,
                cases=voice.number(limit.upto),
                following=voice.number(limit.following),
            )
            least = None if least is None else min(least, limit.upto)
        sure = answers.limits(material, staff, target, surely=True).upto
        if limit.upto is not None and sure != limit.upto:
            key = "up_to_never_surely" if sure is None else "up_to_surely"
            yield voice.say(key, **({} if sure is None else {"cases": voice.number(sure)}))
    if least is None:
        yield voice.say("up_to_least_none")
    elif least < carried:
        yield voice.say("up_to_least", cases=voice.number(least))


def _fewest(material: Material, voice: Voice) -> Iterator[str]:
    """Of the file's people in their order; which other question there is, and who answers it."""
    most = voice.number(material.field.staff[-1])
    for key, rows in (("fewest", material.by_staff), ("fewest_pooled", material.pooled)):
        least = answers.fewest(material, rows)
        if least is None:
            last = answers.estimates(rows[-1])
            figures = "; ".join(
                f"{criterion(target, voice)}: "
                f"{voice.with_unit(last[material.place(target.key)].mean, target.unit)} "
                f"({voice.interval(last[material.place(target.key)], target.unit)})"
                for target in answers.targets(material)
            )
            yield voice.say(f"{key}_none", most=most, figures=figures)
        else:
            yield voice.say(key, n=voice.number(least))
    asks = "overall,turnaround" if material.case_work else "overall --calls-only"
    yield voice.say("fewest_chosen", command=f"acd plan staff {material.asked.name} --targets {asks}")


def _uncertain(material: Material, voice: Voice) -> Iterator[str]:
    listed = [quantity for _, quantity in material.asked.quantities()]
    yield voice.say("uncertain_chance", n=voice.number(material.replications))
    yield voice.say("uncertain_year")
    yield voice.say(
        "uncertain_assumptions",
        assumed=voice.number(sum(each.assumed for each in listed)),
        all=voice.number(len(listed)),
    )
    for target in answers.targets(material):
        most = [
            quantity_name(material.asked, each.effect.varied.key, voice.language)
            for each in swings(material, target.key)[:3]
        ]
        if most and target.key == material.level:
            yield voice.say("uncertain_most", level="; ".join(most))
        elif most:
            yield voice.say("uncertain_most_turnaround", turnaround="; ".join(most))
    if not material.case_work:
        yield voice.say("uncertain_calls_only")
