"""The words of a roster's page in German and English."""

from typing import Any, Final

DAY_NAMES: Final = {
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS: Final = {
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
WORDS: Final[dict[str, dict[str, Any]]] = {
    "de": {
        "title": "Dienstplan",
        "skip": "Zum Inhalt",
        "switch": "English",
        "languages": "Sprache",
        "weeks": "Wochen",
        "week": "Kalenderwoche",
        "name": "Name",
        "rest": "Pause",
        "off": "abwesend",
        "holiday": "Feiertag",
        "free": "frei",
        "hours": "Stunden",
        "of": "von",
        "planned": "geplant",
        "due": "vereinbart",
        "duties": "Dienste",
        "early": "Frühdienste",
        "late": "Spätdienste",
        "turns": "Stunden und Dienste je Person",
        "turns_note": "Frühdienst: beginnt mit der ersten halben Stunde des Tages. Spätdienst: endet mit der "
        "letzten. Vereinbart: Vertragsstunden abzüglich Feiertagen und Abwesenheit (je Tag ein Fünftel).",
        "rules": "Arbeitszeitrecht",
        "rules_kept": "Der fertige Plan wurde getrennt vom Planungsmodell geprüft. Eingehalten sind: § 3 "
        "ArbZG (höchstens 10 Stunden am Tag, im Schnitt 8 je Werktag), § 4 (Pausen, nie mehr als 6 Stunden "
        "ohne), § 5 (11 Stunden Ruhe zwischen zwei Tagen), §§ 9 und 11 (Sonn- und Feiertage frei) und die "
        "Vertragsstunden (Woche ± 2 Stunden, alle Wochen zusammen ± 15 Minuten).",
        "rules_broken": "Der fertige Plan wurde getrennt vom Planungsmodell geprüft. Nicht eingehalten ist:",
        "not_checked": "Nicht geprüft werden Dienst- und Betriebsvereinbarungen sowie Beteiligungsrechte; "
        "der Personalrat bestimmt mit.",
        "gaps": "Wo jemand fehlt",
        "no_gaps": "Alle geforderten Personen und Sprachen sind in jeder halben Stunde da.",
        "what": "Was",
        "when": "Wann",
        "there": "Da",
        "dates": "An diesen Tagen",
        "people": "Personen",
        "wishes": "Nicht erfüllte Wünsche",
        "all_wishes": "Alle Wünsche sind erfüllt.",
        "quality": "Wie gut der Plan ist",
        "quality_note": "Die Ziele gelten in dieser Reihenfolge; kein späteres verschlechtert ein früheres. "
        "Kleiner ist besser.",
        "aim": "Ziel",
        "reached": "erreicht",
        "bound": "bewiesen ist",
        "best": "besser geht es nicht",
        "at_least": "mindestens {bound}",
        "aims": {
            "contracts": "Vertragsstunden nicht eingehalten (Viertelstunden)",
            "people": "fehlende Personen (halbe Stunden)",
            "languages": "fehlende Sprachen (halbe Stunden × Prozent der Anrufenden)",
            "early and late": "meiste Früh- und Spätdienste einer Person (Prozent ihrer Tage)",
            "wishes": "nicht erfüllte Wünsche",
            "spread": "Häufung über den Bedarf hinaus (halbe Stunden)",
        },
        "service": "Was der Plan leistet",
        "service_note": "{number} mal simuliert bis {until}. Mit Krankheit: so, wie im Jahr erfahrungsgemäß "
        "jemand ausfällt. Dahinter der Bereich, in dem der Mittelwert mit 95 % Sicherheit liegt.",
        "figure": "Kennzahl",
        "as_planned": "wie geplant",
        "with_sickness": "mit Krankheit",
        "interval": "95-%-Intervall",
    },
    "en": {
        "title": "Duty roster",
        "skip": "To the content",
        "switch": "Deutsch",
        "languages": "Language",
        "weeks": "Weeks",
        "week": "Week",
        "name": "Name",
        "rest": "rest",
        "off": "away",
        "holiday": "holiday",
        "free": "free",
        "hours": "Hours",
        "of": "of",
        "planned": "planned",
        "due": "agreed",
        "duties": "duties",
        "early": "early duties",
        "late": "late duties",
        "turns": "Hours and duties of each person",
        "turns_note": "Early: begins with the day's first half-hour. Late: ends with its last. Agreed: the "
        "contract's hours less holidays and absence (a fifth of the week for each day).",
        "rules": "Working time law",
        "rules_kept": "The finished roster was checked apart from the model that made it. Kept are: section "
        "3 ArbZG (10 hours a day at most, 8 a working day on average), section 4 (rest, never more than 6 "
        "hours without), section 5 (11 hours between two days), sections 9 and 11 (Sundays and holidays "
        "free), and the contracts' hours (a week ± 2 hours, all weeks together ± 15 minutes).",
        "rules_broken": "The finished roster was checked apart from the model that made it. Not kept is:",
        "not_checked": "Not checked are agreements with the staff council and its rights; it has a say.",
        "gaps": "Where somebody is missing",
        "no_gaps": "All people and languages that are required are there in every half-hour.",
        "what": "What",
        "when": "When",
        "there": "There",
        "dates": "On these days",
        "people": "people",
        "wishes": "Wishes not met",
        "all_wishes": "All wishes are met.",
        "quality": "How good the roster is",
        "quality_note": "The aims hold in this order; no later one worsens an earlier one. Less is better.",
        "aim": "Aim",
        "reached": "reached",
        "bound": "proven is",
        "best": "nothing better exists",
        "at_least": "at least {bound}",
        "aims": {
            "contracts": "contracts' hours not kept (quarters of an hour)",
            "people": "people missing (half-hours)",
            "languages": "languages missing (half-hours × per cent of the callers)",
            "early and late": "most early and late duties of one person (per cent of their days)",
            "wishes": "wishes not met",
            "spread": "heaped beyond what is required (half-hours)",
        },
        "service": "What the roster gives",
        "service_note": "Simulated {number} times until {until}. With sickness: as people fall sick over a "
        "year. Beside it the range in which the mean lies with 95 % confidence.",
        "figure": "Figure",
        "as_planned": "as planned",
        "with_sickness": "with sickness",
        "interval": "95 % interval",
    },
}
