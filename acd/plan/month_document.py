"""The monthly report as a document: what a council reads, from figures alone."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from babel.dates import format_date

from acd.history import fairness
from acd.history.answer import Answer
from acd.history.figures import Figures, Share
from acd.history.shares import ENOUGH, difference, wilson
from acd.store.staffed import AtWork
from config.schema import Centre
from config.tables.house import FEW
from config.words import words
from routing.privacy import MERGED
from simulation import pictures
from simulation.report.contents import FRAME
from simulation.report.document import Document, Picture, Section, Table, Tile, Tiles
from simulation.report.numbers import Language, number, percent
from simulation.report.wording import LANGUAGE_NAMES, VARIANTS, Voice

WEEK_DAYS: Final = 7
MANY: Final = 2_000
"""Of so many, chance moves a share by two in a hundred at most."""
OTHERS: Final = "+"
"""Stands for the languages with few calls; none is called so."""
HEAD: Final = ("language", "calls", "answered", "level", "p50", "p90")


class Month(NamedTuple):
    """first, last: its days. answer, before: its calls by language, and those of the same month a year ago
    (None: nothing is recorded). kept: of the calls that were promised, by phone or by the form, those that
    were made. at_work: None where that is not told. full_time: hours a week. over: the month is."""

    first: date
    last: date
    answer: Answer
    before: Answer | None
    kept: Share
    cases: int
    at_work: AtWork | None
    full_time: float
    over: bool


def document(month: Month, centre: Centre, language: Language) -> Document:
    """The whole report."""
    told = _Told(month, centre, language)
    return Document(
        language,
        told.say("title", centre=centre.centre.name, month=told.month),
        told.say("subtitle"),
        tuple(told.facts()),
        (
            Section("short", told.say("short"), (Tiles(tuple(told.tiles())),)),
            Section("calls", told.say("how_many"), (" ".join(told.how_many()), " ".join(told.how_long()))),
            Section("languages", told.say("languages"), tuple(told.languages())),
            Section("helped", told.say("helped"), (" ".join(told.helped()),)),
            Section("staff", told.say("staff"), (told.staff(),)),
        ),
        {key: Voice(language).template(key) for key in FRAME},
    )


class _Told:
    def __init__(self, month: Month, centre: Centre, language: Language) -> None:
        self._month, self._centre, self._language = month, centre, language
        self._words: Mapping[str, str] = words(language, "history", "month")
        self.month = format_date(month.first, "LLLL y", locale=language)
        self._now = month.answer.total
        self._then = month.before.total if month.before is not None else None
        self._variant = month.answer.aim.variant

    def say(self, key: str, **values: object) -> str:
        return self._words[key].format(**values)

    def facts(self) -> Iterator[tuple[str, str]]:
        begin, end = (format_date(each, "long", locale=self._language) for each in self._month[:2])
        yield self.say("period"), f"{begin} – {end}"
        variant = getattr(VARIANTS[self._variant], self._language)
        yield self.say("aim"), self.say("aim_is", s=self._month.answer.aim.seconds, variant=variant)
        yield self.say("source"), self.say("source_is")

    def tiles(self) -> Iterator[Tile]:
        now, then = self._now, self._then
        before = self._whole(then.visits) if then is not None else ""
        yield Tile(self.say("tile_calls"), self._whole(now.visits), self._before(before))
        for key, share, earlier in (
            ("tile_answered", _served(now), then and _served(then)),
            ("tile_level", now.levels[self._variant], then and then.levels[self._variant]),
        ):
            yield Tile(
                self.say(key), self._short(share), self._before(self._short(earlier) if earlier else "")
            )
        wait = self._clock(_half(then)) if then is not None else ""
        yield Tile(self.say("tile_wait"), self._clock(_half(now)), self._before(wait))
        yield Tile(self.say("tile_first"), self._short(now.resolved), self._between(now.resolved))
        kept = self._month.kept
        yield Tile(self.say("tile_kept"), self._short(kept), self._between(kept))

    def how_many(self) -> Iterator[str]:
        now, month = self._now, self._month
        yield self.say("calls", month=self.month, calls=self._whole(now.visits))
        if not month.over:
            yield self.say("not_over")
        if self._then is None or not self._then.visits:
            yield self.say("nothing_before")
        else:
            was = self._then.visits
            key = "more" if now.visits > was else "fewer" if now.visits < was else "same"
            more = number(100 * abs(now.visits - was) / was, 0, self._language)
            yield self.say(key, percent=more, before=self._whole(was))
        served = _served(now)
        told = self._share(served)
        yield self.say("answered", queued=self._whole(now.queued), met=self._whole(served[0]), share=told)
        left, short, away = map(self._whole, (now.abandoned, now.short, now.turned_away))
        yield self.say("gave_up", left=left, short=short, away=away, s=month.answer.aim.short_seconds)
        if month.cases:
            yield self.say("cases", cases=self._whole(month.cases))

    def how_long(self) -> Iterator[str]:
        now = self._now
        if now.queued >= ENOUGH:
            waits = {key: self._clock(each) for key, each in (("p50", now.p50), ("p90", now.p90))}
            yield self.say("waits", **waits, longest=self._clock(now.longest))
        else:
            yield self.say("few_waits", least=ENOUGH)
        level = now.levels[self._variant]
        yield self.say("level", s=self._month.answer.aim.seconds, share=self._share(level))
        was = self._then.levels[self._variant] if self._then is not None else (0, 0)
        if was[1]:
            low, high = difference(*level, *was)
            key = "level_better" if low > 0 else "level_worse" if high < 0 else "level_same"
            yield self.say(key, before=self._short(was))
        if now.held[1]:
            yield self.say("held", share=self._share(now.held))

    def languages(self) -> Iterator[str | Picture]:
        answer = self._month.answer
        rows = _rows(answer, self._variant)
        names = [self._name(row.code) for row in rows]
        if answer.merged:
            yield self.say("merged")
        if any(row.code == OTHERS for row in rows):
            yield self.say("few_calls", least=FEW)
        if any(row.p50 is None for row in rows):
            yield self.say("few_waits", least=ENOUGH)
        if not rows:
            return
        table = Table(
            self.say("picture"),
            tuple(
                self.say(f"head_{key}") for key in ("language", "calls", "answered", "level", "p50", "p90")
            ),
            tuple(
                (
                    name,
                    self._whole(row.visits),
                    self._short(row.served),
                    self._short(row.level),
                    self._clock(row.p50, unit=False),
                    self._clock(row.p90, unit=False),
                )
                for name, row in zip(names, rows, strict=True)
            ),
        )
        piles = [
            (name, (float(each.served[0]), float(each.visits - each.served[0])))
            for name, each in zip(names, rows, strict=True)
        ]
        drawn = pictures.bars(
            piles,
            [self.say("part_answered"), self.say("part_other")],
            written=lambda value: number(value, 0, self._language),
            label=self.say("head_calls"),
        )
        yield Picture("by_language", self.say("picture"), self.say("picture_alt"), drawn, "", table)
        if answer.fairness:
            yield fairness.said(answer.fairness, answer.aim.seconds, self._name, self._words)

    def helped(self) -> Iterator[str]:
        if self._now.resolved[1]:
            yield self.say("first", share=self._share(self._now.resolved))
        kept = self._month.kept
        yield self.say("kept", share=self._share(kept)) if kept[1] else self.say("no_promises")

    def staff(self) -> str:
        month, found = self._month, self._month.at_work
        if found is None:
            return self.say("staff_unknown")
        weeks = ((month.last - month.first).days + 1) / WEEK_DAYS
        posts = number(found.hours / (month.full_time * weeks), 1, self._language)
        hours, week = number(found.hours, 0, self._language), number(month.full_time, 1, self._language)
        return self.say("staff_is", hours=hours, posts=posts, week=week)

    def _name(self, code: str) -> str:
        if code in ("", MERGED, OTHERS):
            return self.say({"": "undetermined", MERGED: "merged_languages", OTHERS: "other_languages"}[code])
        if code in LANGUAGE_NAMES:
            return str(getattr(LANGUAGE_NAMES[code], self._language))
        return next((each.name for each in self._centre.language if each.code == code), code)

    def _whole(self, value: int) -> str:
        return number(value, 0, self._language)

    def _short(self, share: Share) -> str:
        """Of few the counts alone."""
        met, total = share
        if not total:
            return "–"
        if total < ENOUGH:
            return self.say("of", met=met, total=total)
        return percent(met / total, self._language, 0)

    def _between(self, share: Share) -> str:
        if not share[1]:
            return ""
        low, high = wilson(*share)
        return self.say("between", low=round(100 * low), high=round(100 * high))

    def _share(self, share: Share) -> str:
        """With its interval where chance shows in it."""
        if not ENOUGH <= share[1] < MANY:
            return self._short(share)
        low, high = wilson(*share)
        return self.say("share", share=self._short(share), low=round(100 * low), high=round(100 * high))

    def _before(self, value: str) -> str:
        return self.say("before", value=value) if value else self.say("no_before")

    def _clock(self, seconds: float | None, *, unit: bool = True) -> str:
        if seconds is None:
            return "–"
        minutes, rest = divmod(int(seconds + 0.5), 60)
        plain = f"{minutes}:{rest:02}"
        return self.say("minutes", minutes=minutes, seconds=f"{rest:02}") if unit else plain


class _Row(NamedTuple):
    """A language's calls. p50, p90: of waits (s), None where these are too few callers'."""

    code: str
    visits: int
    served: Share
    level: Share
    p50: float | None
    p90: float | None


def _rows(answer: Answer, variant: str) -> list[_Row]:
    """By number of calls. Languages with fewer than FEW are one row, with the next smallest where they still
    are too few together; half and nine in ten of fewer than ENOUGH waits would be single callers'."""
    smallest = sorted(answer.rows, key=lambda row: (row.figures.visits, row.label))
    few = 0
    if smallest and smallest[0].figures.visits < FEW:
        while few < len(smallest) and (
            smallest[few].figures.visits < FEW or sum(each.figures.visits for each in smallest[:few]) < FEW
        ):
            few += 1
    rows = []
    for row in reversed(smallest[few:]):
        found = row.figures
        p90 = found.p90 if found.queued >= ENOUGH else None
        level = found.levels[variant]
        rows.append(_Row(row.label[0], found.visits, _served(found), level, _half(found), p90))
    if few:
        others = [each.figures for each in smallest[:few]]
        served, level = (
            _together(shares)
            for shares in ([*map(_served, others)], [each.levels[variant] for each in others])
        )
        rows.append(_Row(OTHERS, sum(each.visits for each in others), served, level, None, None))
    return rows


def _half(found: Figures) -> float | None:
    """The median wait (s) of enough callers."""
    return found.p50 if found.queued >= ENOUGH else None


def _together(shares: Iterable[Share]) -> Share:
    met, total = zip(*shares, strict=True)
    return sum(met), sum(total)


def _served(found: Figures) -> Share:
    return found.answered, found.queued
