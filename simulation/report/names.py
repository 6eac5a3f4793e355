"""What a scenario's numbers are called in German and English, by their keys."""

import re
from typing import Final

from simulation.report.numbers import Language
from simulation.report.wording import LANGUAGE_NAMES
from simulation.scenarios.scenario import Scenario

_NAMES: Final[dict[str, tuple[str, str]]] = {
    "horizon.warm_up": ("Vorlauf vor dem Jahr", "days before the year"),
    "cases.per_year": ("Fälle im Jahr", "cases a year"),
    "cases.persons": ("betreute Personen", "persons looked after"),
    "cases.events_per_person": ("Anliegen je Person und Jahr", "events a person and year"),
    "cases.calls_per_case": ("Anrufe je Fall (nur Anrufe simuliert)", "calls a case (calls alone)"),
    "cases.second_language": ("Anteil mit Zweitsprache", "share with a second language"),
    "calls.first": ("Fälle, die mit einem Anruf beginnen", "cases that begin with a call"),
    "calls.follow_up": ("Rückfrage während eines Wartens", "follow-up call during a wait"),
    "calls.follow_up_after": ("Zeit bis zur Rückfrage", "time until a follow-up call"),
    "calls.chase_after": (
        "Zeit bis zur Nachfrage, weil es dauert",
        "time until a call because it takes long",
    ),
    "calls.chase": ("Nachfrage, weil es dauert", "call because it takes long"),
    "calls.retrial": ("neuer Versuch, weil aufgelegt wurde", "trying again because of giving up"),
    "calls.retrial_after": ("Zeit bis zum neuen Versuch", "time until trying again"),
    "calls.patience": ("Geduld der Anrufenden", "patience of callers"),
    "calls.talk": ("Gesprächsdauer", "length of a talk"),
    "calls.talk_variation": ("Streuung der Gesprächsdauer", "variation of talks"),
    "calls.talk_shape": ("Verteilung der Gesprächsdauer", "distribution of talks"),
    "calls.patience_shape": ("Verteilung der Geduld", "distribution of patience"),
    "phones.answer_from": ("Annahme frühestens nach", "answered after at least"),
    "phones.answer_to": ("Annahme spätestens nach", "answered after at most"),
    "phones.no_answer": ("Angebote ohne Annahme", "offers not answered"),
    "phones.busy": ("Angebote, während besetzt ist", "offers while busy"),
    "phones.declined": ("abgelehnte Angebote", "offers declined"),
    "phones.unreachable": ("Telefon nicht erreichbar", "phone unreachable"),
    "phones.back_after": ("Rückkehr nach verpasstem Angebot", "back after a missed offer"),
    "work.switching": ("Wiedereinarbeiten nach einem Anruf", "coming back to work after a call"),
    "appointments.share": ("Fälle mit Termin am Schalter", "cases with an appointment"),
    "appointments.takes": ("Dauer eines Termins", "length of an appointment"),
    "appointments.variation": ("Streuung der Termindauer", "variation of appointments"),
    "appointments.lead": ("Vorlauf eines Termins", "lead time of an appointment"),
    "time.week": ("Wochenarbeitszeit", "weekly working time"),
    "time.year_minutes": ("Jahresarbeitsminuten", "working minutes a year"),
    "time.set_up": ("Rüstzeit, Zuschlag", "set-up time, surcharge"),
    "time.distribution": ("Verteilzeit, Zuschlag", "distribution time, surcharge"),
    "time.recovery": ("Erholungszeit, Zuschlag", "recovery time, surcharge"),
    "attendance.later": ("spätere Arbeitszeit jeder zweiten Person", "later hours of every second person"),
    "attendance.rest": ("Pause", "break"),
    "attendance.rest_from_hours": ("Pause ab einer Arbeitszeit von", "break from working hours of"),
    "absence.leave": ("Urlaub", "leave"),
    "absence.leave_block": ("Urlaub am Stück", "leave in a row"),
    "absence.sickness": ("Krankheit", "sickness"),
    "absence.sickness_block": ("Krankheit am Stück", "sickness in a row"),
    "absence.training": ("Fortbildung", "training"),
    "absence.training_block": ("Fortbildung am Stück", "training in a row"),
    "staff.people": ("Beschäftigte", "staff"),
    "staff.desks": ("Plätze", "desks"),
    "targets.service_level": ("Ziel: Servicelevel", "target: service level"),
    "targets.within": ("Ziel: Wartezeit", "target: wait"),
    "targets.turnaround": ("Ziel: Laufzeit", "target: turnaround"),
    "targets.probability": ("Sicherheit einer Auswahl", "certainty of a choice"),
}
_DAYS: Final = {
    "mon": ("Montag", "Monday"),
    "tue": ("Dienstag", "Tuesday"),
    "wed": ("Mittwoch", "Wednesday"),
    "thu": ("Donnerstag", "Thursday"),
    "fri": ("Freitag", "Friday"),
    "sat": ("Samstag", "Saturday"),
    "sun": ("Sonntag", "Sunday"),
}
_OF_A_STEP: Final = {
    "takes": ("Arbeitszeit", "work"),
    "variation": ("Streuung", "variation"),
    "waits": ("Warten auf andere", "wait for others"),
}
_OF_A_LIST: Final = {
    "wave": {"factor": ("Welle {n}: Faktor", "wave {n}: factor")},
    "outbreak": {"share": ("Krankheitswelle {n}: Anteil", "outbreak {n}: share")},
    "vacancy": {
        "ramp": ("freie Stelle {n}: Einarbeitung", "vacancy {n}: ramp-up"),
        "slower": ("freie Stelle {n}: langsamer um", "vacancy {n}: slower by"),
    },
}


def quantity_name(scenario: Scenario, key: str, language: Language) -> str:
    """How people call the number at this key; the key itself where this room has no name for it."""
    english = language == "en"
    if key in _NAMES:
        return _NAMES[key][english]
    match key.split("."):
        case ["cases", "month", month]:
            return f"{'weight of month' if english else 'Gewicht des Monats'} {month}"
        case ["cases", "weekday", day]:
            return f"{'weight of' if english else 'Gewicht:'} {_DAYS[day][english]}"
        case ["cases", "hour", hour]:
            return f"{'weight of hour' if english else 'Gewicht der Stunde ab'} {hour}"
        case ["cases", "language", code]:
            spoken = LANGUAGE_NAMES[code][english] if code in LANGUAGE_NAMES else code
            return f"{'share' if english else 'Anteil'}: {spoken}"
        case ["cases", "concern", concern]:
            named = {each.key: each.en if english else each.de for each in scenario.house.concern}
            return f"{'share' if english else 'Anteil'}: {named.get(concern, concern)}"
        case ["work", "step", place, what] if what in _OF_A_STEP:
            step = scenario.work.step[int(place) - 1]
            quoted = f"“{step.en}”" if english else f"„{step.de}“"
            return f"{_OF_A_STEP[what][english]} {quoted}"
        case ["staff", "part", person]:
            return f"{'part-time' if english else 'Teilzeit'}: {person}"
        case [listed, place, what] if re.fullmatch(r"\d+", place) and what in _OF_A_LIST.get(listed, {}):
            return _OF_A_LIST[listed][what][english].format(n=place)
    return key
