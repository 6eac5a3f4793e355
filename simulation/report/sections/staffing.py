"""Posts by the formula of German municipal staffing, and beside them what only the simulation tells."""

from collections.abc import Iterator

from simulation import pictures
from simulation.report import answers
from simulation.report.document import Picture, Section, Table
from simulation.report.gather import Material
from simulation.report.wording import Voice
from simulation.scenarios.posts import posts

PARTS = ("basic", "set_up", "distribution", "recovery")


def section(material: Material, voice: Voice) -> Section:
    """Shares of a post by task, the surcharge for reachability and cover, and desks apart from posts."""
    asked, needed = material.asked, posts(material.asked)
    return Section(
        "posts",
        voice.say("posts"),
        (
            voice.say("posts_intro", minutes=voice.number(needed.year_minutes)),
            _picture(material, voice),
            _surcharge(material, voice),
            voice.say("surcharge_note"),
            voice.say(
                "desks",
                desks=voice.number(asked.staff.desks.value),
                people=voice.number(asked.staff.people.value),
                there=voice.number(needed.there, 2),
            ),
        ),
    )


def _picture(material: Material, voice: Voice) -> Picture:
    needed = posts(material.asked)
    year = needed.year_minutes
    rows = [
        (voice.of(task), [task.times * getattr(task, part) / year for part in PARTS]) for task in needed.tasks
    ]
    listed = "; ".join(f"{name} {voice.number(sum(values), 2)}" for name, values in rows)
    table = [
        (
            voice.of(task),
            voice.number(task.times),
            *(voice.number(getattr(task, part), 1) for part in PARTS),
            voice.number(task.minutes, 1),
            voice.number(task.posts(year), 2),
        )
        for task in needed.tasks
    ]
    table.append((voice.say("sum"), "", "", "", "", "", "", voice.number(needed.needed, 2)))
    head = ("task", "times", *PARTS, "handling", "posts_unit")
    return Picture(
        "posts-by-task",
        voice.say("posts_picture"),
        voice.say("posts_alt", bars=listed, sum=voice.number(needed.needed, 2)),
        pictures.bars(
            rows,
            [voice.say(f"part_{part}") for part in PARTS],
            written=lambda value: voice.number(value, 2),
            label=voice.say("posts_unit"),
        ),
        "",
        Table(
            voice.say("posts_caption"),
            tuple(voice.say(key) for key in head),
            tuple(table),
            widths=(4.2, 1.5, 1.5, 1.5, 1.6, 1.7, 2.0, 1.2),
        ),
    )


def _surcharge(material: Material, voice: Voice) -> Table:
    return Table(
        voice.say("surcharge_caption", cases=voice.number(material.asked.cases.in_a_year)),
        (voice.say("surcharge"), voice.say("posts_unit")),
        tuple(_steps(material, voice)),
        widths=(7, 2),
    )


def _steps(material: Material, voice: Voice) -> Iterator[tuple[str, str]]:
    found = answers.surcharge(material)
    most = answers.full_posts(material.asked, material.field.staff[-1])

    def beyond(value: float) -> str:
        return voice.say("more_than", value=voice.number(value, 2))

    yield voice.say("surcharge_formula"), voice.number(found.by_formula, 2)
    if found.pooled is None:
        yield voice.say("surcharge_reach"), beyond(most - found.by_formula)
    else:
        yield voice.say("surcharge_reach"), voice.number(found.pooled - found.by_formula, 2)
        if found.real is None:
            yield voice.say("surcharge_cover"), beyond(most - found.pooled)
        else:
            yield voice.say("surcharge_cover"), voice.number(found.real - found.pooled, 2)
    yield (
        voice.say("surcharge_need"),
        beyond(most) if found.real is None else voice.number(found.real, 2),
    )
