"""Everything that was assumed, every figure that came out, and what it takes to make the report again."""

from simulation.report import answers
from simulation.report.document import Section, Table
from simulation.report.gather import Material
from simulation.report.names import quantity_name
from simulation.report.numbers import unit_name
from simulation.report.wording import VARIANTS, Voice


def figures(material: Material, voice: Voice) -> Section:
    """All figures of the asked scenario."""
    rows = tuple(
        (
            _named(voice, figure.key, voice.of(figure)),
            "" if figure.unit == "1" else unit_name(figure.unit, voice.language),
            voice.amount(each.mean, figure.unit),
            voice.interval(each, figure.unit),
            voice.year(each, figure.unit),
        )
        for figure, each in zip(material.figures, answers.estimates(material.base.figures), strict=True)
    )
    return Section(
        "figures",
        voice.say("figures"),
        (
            Table(
                voice.say("figures_caption", name=voice.name(material.asked)),
                tuple(voice.say(key) for key in ("what", "unit", "mean", "interval", "year_range")),
                rows,
                words=2,
                widths=(5, 1.4, 1.6, 2.6, 2.6),
            ),
        ),
    )


def _named(voice: Voice, key: str, name: str) -> str:
    variant = VARIANTS.get(key.removeprefix("service_level_"))
    return name if variant is None else f"{voice.say('level')}: {voice.of(variant)}"


def assumptions(material: Material, voice: Voice) -> Section:
    """Every number of the scenario with key, value, unit and source."""
    listed = list(material.asked.quantities())
    rows = tuple(
        (
            quantity_name(material.asked, key, voice.language),
            key,
            voice.exact(quantity.value),
            quantity.unit,
            voice.say("assumption" if quantity.assumed else "given"),
            quantity.source,
        )
        for key, quantity in listed
    ) + tuple(
        (
            quantity_name(material.asked, key, voice.language),
            key,
            voice.number(len(shape.shares)),
            voice.say("quantiles"),
            voice.say("given"),
            shape.source,
        )
        for key, shape in material.asked.shapes()
    )
    return Section(
        "assumptions",
        voice.say("assumptions"),
        (
            voice.say(
                "assumptions_intro",
                all=voice.number(len(listed)),
                assumed=voice.number(sum(quantity.assumed for _, quantity in listed)),
            ),
            Table(
                voice.say("assumptions_caption"),
                tuple(voice.say(word) for word in ("number_name", "key", "value", "unit", "kind", "source")),
                rows,
                words=6,
                widths=(3.6, 3.0, 1.1, 1.5, 1.4, 4.6),
            ),
        ),
    )


def validity(material: Material, voice: Voice) -> Section:
    """Seed, hash, version and number of replications."""
    return Section(
        "validity",
        voice.say("validity"),
        (
            voice.say("validity_intro"),
            Table(
                voice.say("validity_caption"),
                (voice.say("what"), voice.say("value")),
                facts(material, voice),
                words=2,
                widths=(3, 6),
            ),
        ),
    )


def facts(material: Material, voice: Voice) -> tuple[tuple[str, str], ...]:
    """What the report was made of, by name."""
    asked = material.asked
    targets = asked.targets
    level = voice.say(
        "fact_level_value",
        target=voice.target(targets.service_level.value),
        within=voice.exact(targets.within.value),
        variant=voice.variant(asked),
        clock=voice.say("since_queue"),
    )
    return (
        (voice.say("fact_scenario"), f"{voice.name(asked)} ({asked.name})"),
        (voice.say("fact_hash"), asked.digest),
        (voice.say("fact_seed"), str(material.seed)),
        (voice.say("fact_replications"), voice.number(material.replications)),
        (voice.say("fact_grid"), voice.number(material.field.figures.shape[2])),
        (voice.say("fact_year"), str(asked.horizon.year)),
        (voice.say("fact_model"), voice.say("with_case_work" if material.case_work else "calls_alone")),
        (voice.say("fact_level"), level),
        (voice.say("fact_version"), material.version),
    )
