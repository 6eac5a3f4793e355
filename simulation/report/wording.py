"""The report's words in German and English, each sentence once, with the places for its numbers."""

from typing import Final, NamedTuple

from simulation.report import numbers
from simulation.report.numbers import Language
from simulation.runs.spread import Estimate
from simulation.scenarios.scenario import Scenario


class Text(NamedTuple):
    """The same in both languages; places for values are named in braces."""

    de: str
    en: str


LANGUAGE_NAMES: Final = {
    "ar": Text("Arabisch", "Arabic"),
    "bg": Text("Bulgarisch", "Bulgarian"),
    "de": Text("Deutsch", "German"),
    "en": Text("Englisch", "English"),
    "es": Text("Spanisch", "Spanish"),
    "fa": Text("Persisch", "Persian"),
    "fr": Text("Französisch", "French"),
    "it": Text("Italienisch", "Italian"),
    "ku": Text("Kurdisch", "Kurdish"),
    "pl": Text("Polnisch", "Polish"),
    "pt": Text("Portugiesisch", "Portuguese"),
    "ro": Text("Rumänisch", "Romanian"),
    "ru": Text("Russisch", "Russian"),
    "so": Text("Somali", "Somali"),
    "sq": Text("Albanisch", "Albanian"),
    "ti": Text("Tigrinya", "Tigrinya"),
    "tr": Text("Türkisch", "Turkish"),
    "uk": Text("Ukrainisch", "Ukrainian"),
    "und": Text("Sprache unbekannt", "language unknown"),
    "vi": Text("Vietnamesisch", "Vietnamese"),
    "zh": Text("Chinesisch", "Chinese"),
}

VARIANTS: Final = {
    "answered_only": Text("nur angenommene Anrufe", "answered calls only"),
    "abandons_within_met": Text(
        "frühe Aufleger zählen als erfüllt", "those who give up early count as served"
    ),
    "short_abandons_excluded": Text("frühe Aufleger zählen nicht", "those who give up early do not count"),
    "all_offered": Text("alle Anrufe in der Warteschlange", "all calls in the queue"),
}

TEXTS: Final[dict[str, Text]] = {
    # The frame
    "title": Text("Personalplanung – {name}", "Staff planning – {name}"),
    "subtitle": Text(
        "{centre}. Simuliert: {model}. {people} Beschäftigte, {cases} Fälle im Jahr.",
        "{centre}. Simulated: {model}. {people} staff, {cases} cases a year.",
    ),
    "with_case_work": Text("Anrufe, Termine und Fallbearbeitung", "calls, appointments and case work"),
    "calls_alone": Text("nur Anrufe, ohne Fallbearbeitung", "calls alone, without case work"),
    "contents": Text("Inhalt", "Contents"),
    "skip": Text("Zum Inhalt", "To the content"),
    "other_language": Text("English version", "Deutsche Fassung"),
    "numbers_of": Text("Die Zahlen dazu als Tabelle", "The numbers as a table"),
    "figure": Text("Abbildung {n}", "Figure {n}"),
    "table": Text("Tabelle {n}", "Table {n}"),
    "page": Text("Seite {n} von {of}", "Page {n} of {of}"),
    "appendix": Text("Zahlen zu den Abbildungen", "Numbers of the figures"),
    "scrolls": Text("{name} (seitlich verschiebbar)", "{name} (scrolls sideways)"),
    # Summary
    "summary": Text("Zusammenfassung", "Summary"),
    "tile_level": Text("Servicelevel", "Service level"),
    "tile_level_note": Text("in {within} s, Ziel {target}", "within {within} s, target {target}"),
    "tile_wait": Text("95 % warten höchstens", "95% wait at most"),
    "tile_wait_note": Text("von den Angenommenen", "of those answered"),
    "tile_abandonment": Text("Aufgelegt", "Gave up"),
    "tile_abandonment_note": Text("von allen in der Warteschlange", "of all in the queue"),
    "tile_turnaround": Text("Laufzeit, 90 % höchstens", "Turnaround, 90% at most"),
    "tile_turnaround_note": Text("Ziel {target}", "target {target}"),
    "tile_utilisation": Text("Auslastung", "Utilisation"),
    "tile_utilisation_note": Text("der Anwesenheit", "of attendance"),
    "tile_posts": Text("VZÄ nach Formel", "Posts by formula"),
    "tile_posts_note": Text("vorhanden {there}", "there are {there}"),
    "what_it_gives": Text(
        "Was {people} Beschäftigte bei {cases} Fällen im Jahr leisten",
        "What {people} staff give at {cases} cases a year",
    ),
    "gives_level": Text(
        "{share} der Anrufe werden innerhalb von {within} Sekunden angenommen ({variant}; "
        "95-%-Intervall des Mittels {interval}, ein einzelnes Jahr {year}). Das Ziel von {target} "
        "wird {met}.",
        "{share} of calls are answered within {within} seconds ({variant}; 95% interval of the mean "
        "{interval}, a single year {year}). The target of {target} is {met}.",
    ),
    "met": Text("erreicht", "met"),
    "missed": Text("verfehlt", "missed"),
    "undecided": Text("weder sicher erreicht noch sicher verfehlt", "neither surely met nor surely missed"),
    "gives_wait": Text(
        "Von den Angenommenen warten 95 % höchstens {wait} ({interval}); {abandonment} legen vorher auf.",
        "Of those answered, 95% wait at most {wait} ({interval}); {abandonment} hang up before.",
    ),
    "gives_turnaround": Text(
        "Laufzeit eines Falls: im Median {median}, bei neun von zehn höchstens {p90} (Intervall "
        "{interval}). Das Ziel von höchstens {target} wird {met}.",
        "Turnaround of a case: {median} at the median, at most {p90} for nine of ten (interval "
        "{interval}). The target of at most {target} is {met}.",
    ),
    "gives_backlog": Text(
        "Am Jahresende sind {backlog} Fälle in Arbeit ({interval}).",
        "At the end of the year {backlog} cases are open ({interval}).",
    ),
    "gives_utilisation": Text(
        "Die Auslastung der Anwesenheit liegt bei {value} ({interval}).",
        "{value} of attendance is used ({interval}).",
    ),
    "gives_formula": Text(
        "Nach der Formel braucht es {needed} VZÄ ({minutes} Minuten je Fall); vorhanden sind {there} VZÄ.",
        "By the formula it takes {needed} full-time posts ({minutes} minutes a case); there are {there}.",
    ),
    "weakest": Text(
        "Am seltensten rechtzeitig angenommen wird, wer {language} spricht ({share}); am häufigsten "
        "{best} ({most}). Das liegt vor allem daran, wie viele Beschäftigte eine Sprache sprechen, "
        "weniger an ihrer Zahl im Ganzen.",
        "Callers who speak {language} are answered in time least often ({share}), {best} most often "
        "({most}). This lies mostly in how many staff speak a language, less in how many staff there are.",
    ),
    "fewest_question": Text(
        "Wie viele Beschäftigte mindestens für {cases} Fälle?",
        "How many staff at the least for {cases} cases?",
    ),
    "fewest": Text(
        "Mit den ersten Personen der Planungsdatei, in ihrer Reihenfolge, werden die Ziele ab {n} "
        "Beschäftigten erreicht.",
        "With the first people of the planning file, in their order, the targets are met from {n} staff on.",
    ),
    "fewest_none": Text(
        "Mit den ersten Personen der Planungsdatei, in ihrer Reihenfolge, werden die Ziele auch mit {most} "
        "Beschäftigten nicht erreicht: {figures}.",
        "With the first people of the planning file, in their order, the targets are not met even by {most} "
        "staff: {figures}.",
    ),
    "fewest_chosen": Text(
        "Eine andere Frage ist, wie wenige genügen, wenn man wählt, wer dazukommt: mit anderen Sprachen "
        "und Anliegen können es weniger sein. Die beantwortet „{command}“, so sicher, wie es die Datei "
        "verlangt; hier zählt das Mittel der Jahre.",
        "How few would do if one chooses who comes is another question: with other languages and "
        "concerns it can be fewer. “{command}” answers it, as surely as the file asks; here the mean of "
        "the years counts.",
    ),
    "fewest_pooled": Text(
        "Könnte jede und jeder alle Sprachen und Anliegen, genügten {n}.",
        "If everybody spoke every language and knew every concern, {n} would do.",
    ),
    "fewest_pooled_none": Text(
        "Auch wenn jede und jeder alle Sprachen und Anliegen könnte, genügten {most} nicht: {figures}.",
        "Even if everybody spoke every language and knew every concern, {most} would not do: {figures}.",
    ),
    "up_to_question": Text(
        "{staff} Beschäftigte: bis zu welcher Fallzahl?", "{staff} staff: up to how many cases?"
    ),
    "up_to": Text(
        "{what}: bis {cases} Fälle im Jahr; bei {following} wird das Ziel verfehlt.",
        "{what}: up to {cases} cases a year; at {following} the target is missed.",
    ),
    "up_to_surely": Text(
        "Sicher, also mit dem ganzen 95-%-Intervall des Mittels, ist das nur bis {cases}.",
        "Sure, that is with the whole 95% interval of the mean, this is only up to {cases}.",
    ),
    "up_to_never_surely": Text(
        "Sicher, also mit dem ganzen 95-%-Intervall des Mittels, ist das bei keiner simulierten Fallzahl.",
        "Sure, that is with the whole 95% interval of the mean, this is at no case number that was "
        "simulated.",
    ),
    "up_to_all": Text(
        "{what}: bei jeder simulierten Fallzahl, also bis mindestens {cases}.",
        "{what}: at every case number that was simulated, so at least up to {cases}.",
    ),
    "up_to_none": Text(
        "{what}: nicht einmal bei {following} Fällen.", "{what}: not even at {following} cases."
    ),
    "up_to_formula": Text(
        "Nach der Formel, ohne Warteschlangen und Sprachen: {cases} Fälle im Jahr ({there} VZÄ).",
        "By the formula, without queues and languages: {cases} cases a year ({there} posts).",
    ),
    "up_to_least": Text(
        "Es zählt die kleinste dieser Zahlen: {cases}.", "The smallest of these counts: {cases}."
    ),
    "up_to_least_none": Text(
        "Es zählt die kleinste dieser Zahlen: mit diesen Personen werden nicht alle Ziele erreicht.",
        "The smallest of these counts: with these people not all targets are met.",
    ),
    "criterion_level": Text("Servicelevel mindestens {target}", "Service level at least {target}"),
    "criterion_turnaround": Text(
        "Laufzeit von neun von zehn Fällen höchstens {target}",
        "Turnaround of nine of ten cases at most {target}",
    ),
    "uncertain_question": Text("Was ist unsicher, und warum?", "What is uncertain, and why?"),
    "uncertain_chance": Text(
        "Der Zufall der Simulation: {n} simulierte Jahre. Das 95-%-Intervall sagt, wie genau der "
        "Mittelwert bekannt ist; es wird mit mehr Jahren schmaler.",
        "The simulation's chance: {n} simulated years. The 95% interval says how well the mean is "
        "known; it gets narrower with more years.",
    ),
    "uncertain_year": Text(
        "Der Zufall eines Jahres: ein einzelnes Jahr fällt besser oder schlechter aus (Anrufe, "
        "Krankheit, Urlaub). Diese Spanne bleibt, so viele Jahre man auch simuliert.",
        "The chance of a year: a single year turns out better or worse (calls, sickness, leave). This "
        "range stays, however many years are simulated.",
    ),
    "uncertain_assumptions": Text(
        "Die Annahmen: {assumed} von {all} Zahlen des Szenarios hat niemand gemessen. Kein Intervall "
        "dieses Berichts enthält diese Unsicherheit. Alle stehen am Ende, mit dem Wort Annahme.",
        "The assumptions: nobody has measured {assumed} of the scenario's {all} numbers. No interval "
        "of this report holds this uncertainty. All are listed at the end, marked as assumptions.",
    ),
    "uncertain_calls_only": Text(
        "Simuliert sind hier nur Anrufe; niemand tut etwas zwischen ihnen. Mit Fallbearbeitung ist "
        "weniger frei.",
        "Only calls are simulated here; nobody does anything between them. With case work less time is free.",
    ),
    # Anchors
    "anchors": Text("Was vom wirklichen Zentrum bekannt ist", "What is known of the real centre"),
    "anchors_intro": Text(
        "Nur für 2023 sind Personal und Fallzahl zusammen bekannt. Für 2016 ist die Fallzahl "
        "angenommen, für 2020 das Personal. Die 8.000 von 2023 werden einmal als Fälle im Jahr "
        "gelesen (Stadt), einmal als betreute Personen (örtlicher Bericht).",
        "Only for 2023 are staff and cases known together. For 2016 the cases are assumed, for 2020 "
        "the staff. The 8,000 of 2023 are read once as cases a year (city), once as persons looked "
        "after (local report).",
    ),
    "anchors_caption": Text("Die Anker und was sie bedeuten", "The anchors and what they imply"),
    "anchor": Text("Anker", "Anchor"),
    "staff": Text("Personal", "Staff"),
    "cases": Text("Fälle im Jahr", "Cases a year"),
    "formula_posts": Text("VZÄ nach Formel", "Posts by formula"),
    "posts_there": Text("VZÄ vorhanden", "Posts there"),
    "level": Text("Servicelevel", "Service level"),
    "turnaround_p90": Text("Laufzeit p90 (Tage)", "Turnaround p90 (days)"),
    "utilisation": Text("Auslastung", "Utilisation"),
    "sentence_anchor": Text(
        "{letter} – {name} ({where}): Die Formel verlangt {needed} VZÄ, vorhanden sind {there}. "
        "{share} der Anrufe werden in der Zeit angenommen, das Ziel wird {met}.",
        "{letter} – {name} ({where}): The formula asks for {needed} posts, there are {there}. {share} "
        "of calls are answered in time, the target is {met}.",
    ),
    "sentence_anchor_cases": Text(
        "Neun von zehn Fällen dauern höchstens {turnaround}; {utilisation} der Anwesenheit sind ausgelastet.",
        "Nine of ten cases take at most {turnaround}; {utilisation} of attendance is used.",
    ),
    "where_on": Text("ein Punkt des Rasters", "a point of the grid"),
    "where_between": Text("zwischen zwei Punkten des Rasters", "between two points of the grid"),
    "where_outside": Text("außerhalb des Rasters", "outside the grid"),
    # Maps
    "maps": Text("Personal und Fallzahl: die Karten", "Staff and cases: the maps"),
    "maps_intro": Text(
        "Jede Zelle ist das Mittel von {n} simulierten Jahren. Je heller, desto besser. Die dicke "
        "Linie trennt, wo das Ziel erreicht wird; der Rahmen zeigt das Szenario dieses Berichts, die "
        "Buchstaben die Anker: {anchors}.",
        "Each cell is the mean of {n} simulated years. The brighter the better. The thick line parts "
        "where the target is met; the frame shows this report's scenario, the letters the anchors: "
        "{anchors}.",
    ),
    "map_level": Text("Servicelevel in %: {variant}", "Service level in %: {variant}"),
    "map_wait_p95": Text(
        "Wartezeit in s, die 95 % der Angenommenen nicht überschreiten",
        "Wait in s that 95% of the answered do not exceed",
    ),
    "map_abandonment": Text("Aufgelegt, in %", "Gave up, in %"),
    "map_turnaround_p90": Text(
        "Laufzeit in Tagen, in der 90 % der Fälle fertig sind",
        "Turnaround in days within which 90% of cases are done",
    ),
    "map_utilisation": Text("Auslastung der Anwesenheit, in %", "Use of attendance, in %"),
    "map_alt": Text(
        "Karte: {what}. {low_staff} bis {high_staff} Beschäftigte, {low_cases} bis {high_cases} Fälle "
        "im Jahr. Am besten {best} bei {best_staff} Beschäftigten und {best_cases} Fällen, am "
        "schlechtesten {worst} bei {worst_staff} und {worst_cases}. {target}",
        "Map: {what}. {low_staff} to {high_staff} staff, {low_cases} to {high_cases} cases a year. "
        "Best {best} at {best_staff} staff and {best_cases} cases, worst {worst} at {worst_staff} and "
        "{worst_cases}. {target}",
    ),
    "map_alt_met": Text(
        "Das Ziel wird an {n} von {all} Punkten erreicht.", "The target is met at {n} of {all} points."
    ),
    "map_note_target": Text("Linie: Ziel {target}.", "Line: target {target}."),
    "map_note_turnaround_p90": Text(
        "Dauert ein Fall länger als das simulierte Jahr, steht hier die längste Zeit, die zu sehen "
        "war: es ist mindestens so lang.",
        "Where a case takes longer than the simulated year, the longest time that could be seen "
        "stands here: it is at least that.",
    ),
    "map_note_utilisation": Text(
        "Heller heißt hier: mehr freie Zeit. Nahe 100 % wächst der Rückstand.",
        "Brighter means more free time here. Near 100% the backlog grows.",
    ),
    "map_caption": Text(
        "{what}: Mittel ± halbe Breite des 95-%-Intervalls, Personal in Zeilen, Fälle im Jahr in Spalten",
        "{what}: mean ± half the width of the 95% interval, staff in rows, cases a year in columns",
    ),
    "axis_staff": Text("Beschäftigte", "Staff"),
    "axis_cases": Text("Fälle im Jahr", "Cases a year"),
    # Curves
    "curves": Text("Kurven mit Intervallen", "Curves with intervals"),
    "curve_level": Text("Servicelevel nach Personal", "Service level by staff"),
    "curve_level_alt": Text(
        "Kurven des Servicelevels über {low} bis {high} Beschäftigte bei {cases} Fällen im Jahr. {ends}",
        "Curves of the service level over {low} to {high} staff at {cases} cases a year. {ends}",
    ),
    "curve_end": Text(
        "Bei {cases} Fällen steigt er von {first} auf {last}.",
        "At {cases} cases it goes from {first} to {last}.",
    ),
    "curve_note": Text(
        "Dunkles Band: 95-%-Intervall des Mittels. Helles Band: Spanne eines einzelnen Jahres. "
        "Gestrichelt: Ziel.",
        "Dark band: 95% interval of the mean. Light band: range of a single year. Dashed: target.",
    ),
    "curve_steps": Text(
        "Nicht jede Person mehr hilft gleich viel: es kommt darauf an, welche Sprachen sie mitbringt. "
        "Wer wann dazu kommt, sagt die Reihenfolge in der Planungsdatei.",
        "Not each person more helps as much: it depends on the languages that they bring. Who comes "
        "when is said by the order in the planning file.",
    ),
    "curve_cases": Text("{cases} Fälle", "{cases} cases"),
    "curve_cover": Text("Was Sprachen und Anliegen kosten", "What languages and concerns cost"),
    "curve_cover_alt": Text(
        "Zwei Kurven des Servicelevels über {low} bis {high} Beschäftigte bei {cases} Fällen: mit den "
        "Personen der Datei von {first} auf {last}, wenn alle alles könnten von {pooled_first} auf "
        "{pooled_last}.",
        "Two curves of the service level over {low} to {high} staff at {cases} cases: with the people "
        "of the file from {first} to {last}, if everybody could do everything from {pooled_first} to "
        "{pooled_last}.",
    ),
    "real_people": Text("diese Personen", "these people"),
    "pooled_people": Text("alle können alles", "all can do all"),
    "curve_caption": Text(
        "{what}: Mittel, 95-%-Intervall, Spanne eines Jahres", "{what}: mean, 95% interval, range of a year"
    ),
    "curve_carry": Text("Fälle, die das Personal trägt", "Cases that the staff carry"),
    "curve_carry_alt": Text(
        "Fälle im Jahr, die {low} bis {high} Beschäftigte tragen. Nach der Formel steigt die Zahl von "
        "{first} auf {last}. Simuliert: {simulated}",
        "Cases a year that {low} to {high} staff carry. By the formula the number goes from {first} "
        "to {last}. Simulated: {simulated}",
    ),
    "curve_carry_one": Text(
        "{what}: {first} bei {low}, {last} bei {high}.", "{what}: {first} at {low}, {last} at {high}."
    ),
    "curve_carry_note": Text(
        "Simuliert in Schritten und bis {most} Fälle; was dort endet, kann mehr sein. Ohne Punkt: das "
        "Ziel wird nicht einmal bei {least} Fällen erreicht.",
        "Simulated in steps and up to {most} cases; what ends there may be more. No dot: the target "
        "is not met even at {least} cases.",
    ),
    "curve_backlog": Text("Offene Fälle über das Jahr", "Open cases over the year"),
    "curve_backlog_alt": Text(
        "Kurven der offenen Fälle je Woche. {curves}", "Curves of open cases by week. {curves}"
    ),
    "curve_backlog_one": Text(
        "{name}: am Anfang {first}, am Ende {last}, höchstens {most}.",
        "{name}: {first} at the beginning, {last} at the end, {most} at most.",
    ),
    "curve_backlog_note": Text(
        "Band: 95-%-Intervall des Mittels; helles Band: Spanne eines einzelnen Jahres im Szenario "
        "dieses Berichts. Daneben die Szenarien mit gleichem Personal und gleicher Fallzahl, die am "
        "meisten davon abweichen.",
        "Band: 95% interval of the mean; light band: range of a single year in this report's "
        "scenario. Beside it the scenarios with as many staff and cases that part from it the most.",
    ),
    "curve_this": Text("dieses Szenario", "this scenario"),
    "curve_backlog_caption": Text(
        "Offene Fälle am Anfang jeder Woche: Mittel ± halbe Breite des 95-%-Intervalls",
        "Open cases at the beginning of each week: mean ± half the width of the 95% interval",
    ),
    "axis_week": Text("Woche", "Week"),
    "axis_backlog": Text("offene Fälle", "open cases"),
    "by_formula": Text("Formel", "formula"),
    "by_level": Text("Servicelevel", "service level"),
    "by_turnaround": Text("Laufzeit", "turnaround"),
    # Posts
    "posts": Text("Stellen in VZÄ", "Posts"),
    "posts_intro": Text(
        "Fallzahl × mittlere Bearbeitungszeit ÷ Jahresarbeitsminuten; {minutes} Minuten im Jahr je "
        "Vollzeitstelle. Grund-, Rüst-, Verteil- und Erholungszeit stehen getrennt.",
        "Number of cases × mean handling time ÷ working minutes of a year; {minutes} minutes a year "
        "for a full-time post. Basic, set-up, distribution and recovery time stand apart.",
    ),
    "posts_caption": Text("Stellenanteile je Aufgabe", "Shares of a post by task"),
    "task": Text("Aufgabe", "Task"),
    "quantiles": Text("Quantile", "quantiles"),
    "times": Text("Fallzahl", "Times a year"),
    "basic": Text("Grundzeit (min)", "Basic time (min)"),
    "set_up": Text("Rüstzeit (min)", "Set-up time (min)"),
    "distribution": Text("Verteilzeit (min)", "Distribution time (min)"),
    "recovery": Text("Erholungszeit (min)", "Recovery time (min)"),
    "handling": Text("mittlere Bearbeitungszeit (min)", "Mean handling time (min)"),
    "posts_unit": Text("VZÄ", "Posts"),
    "sum": Text("Summe", "Sum"),
    "part_basic": Text("Grundzeit", "basic"),
    "part_set_up": Text("Rüstzeit", "set-up"),
    "part_distribution": Text("Verteilzeit", "distribution"),
    "part_recovery": Text("Erholungszeit", "recovery"),
    "posts_picture": Text("VZÄ je Aufgabe", "Posts by task"),
    "posts_alt": Text(
        "Balken der VZÄ je Aufgabe: {bars}. Zusammen {sum}.", "Bars of posts by task: {bars}. Together {sum}."
    ),
    "surcharge": Text("Was nur die Simulation sagt", "What only the simulation tells"),
    "surcharge_caption": Text(
        "Von der Formel zum Bedarf bei {cases} Fällen, in VZÄ",
        "From the formula to what is needed at {cases} cases, in posts",
    ),
    "surcharge_formula": Text(
        "nach Formel, für die simulierte Arbeit", "by the formula, for the work that is simulated"
    ),
    "surcharge_reach": Text(
        "Zuschlag für Erreichbarkeit und Laufzeit", "surcharge for reachability and turnaround"
    ),
    "surcharge_cover": Text("Zuschlag für Sprachen und Anliegen", "surcharge for languages and concerns"),
    "surcharge_need": Text("Bedarf, damit die Ziele erreicht werden", "needed for the targets to be met"),
    "surcharge_note": Text(
        "Der Bedarf ist die kleinste simulierte Zahl von Beschäftigten, ab der alle Ziele im Mittel "
        "erreicht werden, in der Reihenfolge der Datei; er steigt in ganzen Personen. Erreichbarkeit: "
        "der Bedarf, wenn jede und jeder alles könnte. Sprachen und Anliegen: was mit den wirklichen "
        "Kenntnissen dazukommt.",
        "What is needed is the smallest number of staff that was simulated from which on all targets "
        "are met on the mean, in the file's order; it grows by whole persons. Reachability: what it "
        "takes if everybody could do everything. Languages and concerns: what their real skills add.",
    ),
    "more_than": Text("> {value}", "> {value}"),
    "desks": Text(
        "Plätze sind etwas anderes als Stellen: es gibt {desks} Plätze; {people} Personen ({there} "
        "VZÄ) brauchen bei voller Anwesenheit {people}.",
        "Places are not posts: there are {desks} desks; {people} people ({there} posts) need {people} "
        "when all are there.",
    ),
    # Scenarios
    "scenarios": Text("Szenarien im Vergleich", "Scenarios compared"),
    "scenarios_intro": Text(
        "Alle mit denselben Zufallszahlen; der Unterschied zu „{name}“ ist Jahr für Jahr genommen, "
        "darum ist sein Intervall schmaler als das der einzelnen Werte.",
        "All with the same random numbers; the difference to “{name}” is taken year by year, so its "
        "interval is narrower than those of the values.",
    ),
    "scenarios_picture": Text(
        "Unterschied des Servicelevels zu „{name}“, in Prozentpunkten",
        "Difference of the service level to “{name}”, in percentage points",
    ),
    "scenarios_axis": Text("Prozentpunkte", "percentage points"),
    "same": Text("kein Unterschied", "no difference"),
    "scenarios_alt": Text(
        "Unterschied des Servicelevels je Szenario: {rows}.",
        "Difference of the service level by scenario: {rows}.",
    ),
    "intervals_note": Text(
        "Punkt: Mittel. Dicker Strich: 95-%-Intervall. Dünner Strich: Spanne eines einzelnen Jahres.",
        "Dot: mean. Thick line: 95% interval. Thin line: range of a single year.",
    ),
    "scenario": Text("Szenario", "Scenario"),
    "scenarios_caption": Text("Die Szenarien: Werte im Mittel", "The scenarios: values on the mean"),
    "differences_caption": Text(
        "Unterschied zu „{name}“ mit gepaartem 95-%-Intervall (Anteile in Prozentpunkten)",
        "Difference to “{name}” with paired 95% interval (shares in percentage points)",
    ),
    "wait_short": Text("95 % warten höchstens (s)", "95% wait at most (s)"),
    "backlog_end": Text("offen am Jahresende", "open at the year's end"),
    "key": Text("Schlüssel", "Key"),
    "number_name": Text("Zahl", "Number"),
    # Cells
    "cells": Text("Nach Sprache und Anliegen", "By language and concern"),
    "cells_intro": Text(
        "Im Szenario dieses Berichts. Unter {least} Anrufen im Jahr stehen Zahlen statt Prozent.",
        "In this report's scenario. Below {least} calls a year there are counts instead of percentages.",
    ),
    "cells_intro_cases": Text(
        "In die Laufzeit gehen offene Fälle mit ihrem Alter ein; unter {least} Fällen im Jahr steht keine. "
        "Zugesagt sind {target}: Der Anteil gilt für die Fälle, deren Frist im Jahr endet, und unter "
        "{least} davon stehen Zahlen statt Prozent.",
        "Open cases count in the turnaround with their age; below {least} cases a year there is none. "
        "{target} are promised: the share is of the cases for which they end within the year, and below "
        "{least} of those there are counts instead of percentages.",
    ),
    "cells_withheld": Text(
        "Nicht gezeigt, weil sie auf wenige Personen deuten (Einstellung smallest_cell = {least}): "
        "{languages} Sprachen, {concerns} Anliegen.",
        "Not shown, because they point to few people (setting smallest_cell = {least}): {languages} "
        "languages, {concerns} concerns.",
    ),
    "by_language": Text("Servicelevel nach Sprache", "Service level by language"),
    "by_concern": Text("Servicelevel nach Anliegen", "Service level by concern"),
    "turnaround_by_language": Text("Laufzeit nach Sprache", "Turnaround by language"),
    "turnaround_by_concern": Text("Laufzeit nach Anliegen", "Turnaround by concern"),
    "by_alt": Text("{what}, mit Intervallen: {rows}.", "{what}, with intervals: {rows}."),
    "language": Text("Sprache", "Language"),
    "concern": Text("Anliegen", "Concern"),
    "calls": Text("Anrufe im Jahr", "Calls a year"),
    "abandonment": Text("Aufgelegt", "Gave up"),
    "mean_wait": Text("mittlere Wartezeit (s)", "Mean wait (s)"),
    "cells_caption": Text(
        "{what} und Abbrecher mit 95-%-Intervall", "{what} and abandonment with 95% interval"
    ),
    "turnaround_median": Text("Laufzeit, Median (Tage)", "Turnaround, median (days)"),
    "done_in_time": Text("in der Zeit erledigt", "Done in time"),
    "turnaround_cells_caption": Text(
        "{what} und in der zugesagten Zeit erledigte Fälle mit 95-%-Intervall",
        "{what} and cases done within the promised time with 95% interval",
    ),
    "of_calls": Text("{n} von {all}", "{n} of {all}"),
    # Sensitivity
    "doubts": Text("Woran die Antworten hängen", "What the answers hang on"),
    "doubts_intro": Text(
        "{n} Annahmen, jede für sich um {by} kleiner und größer, alles andere gleich und mit "
        "denselben Zufallszahlen. Was oben steht, lohnt sich zuerst zu messen.",
        "{n} assumptions, each alone {by} smaller and larger, all else equal and with the same random "
        "numbers. What stands on top is worth measuring first.",
    ),
    "doubts_level": Text("Wirkung auf den Servicelevel", "Effect on the service level"),
    "doubts_turnaround": Text(
        "Wirkung auf die Laufzeit von neun von zehn Fällen", "Effect on the turnaround of nine of ten cases"
    ),
    "doubts_alt": Text(
        "{what}, Annahme kleiner / größer: {rows}.", "{what}, assumption smaller / larger: {rows}."
    ),
    "doubts_low": Text("Annahme kleiner", "assumption smaller"),
    "doubts_high": Text("Annahme größer", "assumption larger"),
    "doubts_note": Text(
        "Balken: Änderung des Mittels. Strich: ihr 95-%-Intervall. Es stehen hier nur die größten.",
        "Bar: change of the mean. Line: its 95% interval. Only the largest are shown.",
    ),
    "doubts_caption": Text(
        "{what}, mit 95-%-Intervall (Anteile in Prozentpunkten)",
        "{what}, with 95% interval (shares in percentage points)",
    ),
    "assumed": Text("Annahme", "Assumption"),
    "low_value": Text("kleiner", "smaller"),
    "high_value": Text("größer", "larger"),
    "effect": Text("Wirkung", "Effect"),
    "days": Text("Tage", "days"),
    "uncertain_most": Text(
        "Am meisten bewegt den Servicelevel: {level}.", "What moves the service level most: {level}."
    ),
    "uncertain_most_turnaround": Text(
        "Am meisten bewegt die Laufzeit: {turnaround}.", "What moves the turnaround most: {turnaround}."
    ),
    # Assumptions and validity
    "figures": Text("Alle Kennzahlen des Szenarios", "All figures of the scenario"),
    "figures_caption": Text(
        "„{name}“: Mittel, 95-%-Intervall und Spanne eines Jahres",
        "“{name}”: mean, 95% interval and range of a year",
    ),
    "what": Text("Was", "What"),
    "unit": Text("Einheit", "Unit"),
    "mean": Text("Mittel", "Mean"),
    "interval": Text("95-%-Intervall", "95% interval"),
    "year_range": Text("ein einzelnes Jahr", "a single year"),
    "assumptions": Text("Annahmen und Quellen", "Assumptions and sources"),
    "assumptions_intro": Text(
        "Alle {all} Zahlen des Szenarios mit Einheit und Quelle; {assumed} davon sind Annahmen. "
        "Schlüssel und Quellen stehen so in der Planungsdatei.",
        "All {all} numbers of the scenario with unit and source; {assumed} of them are assumptions. "
        "Keys and sources stand as in the planning file.",
    ),
    "assumptions_caption": Text("Jede Zahl des Szenarios", "Every number of the scenario"),
    "value": Text("Wert", "Value"),
    "kind": Text("Art", "Kind"),
    "source": Text("Quelle", "Source"),
    "assumption": Text("Annahme", "assumption"),
    "given": Text("belegt", "sourced"),
    "validity": Text("Gültigkeit", "Validity"),
    "validity_intro": Text(
        "Mit diesen Angaben entsteht derselbe Bericht noch einmal, Byte für Byte.",
        "With these the same report is made again, byte for byte.",
    ),
    "validity_caption": Text("Woraus dieser Bericht entstand", "What this report was made of"),
    "fact_scenario": Text("Szenario", "Scenario"),
    "fact_hash": Text("Prüfsumme des Szenarios", "Hash of the scenario"),
    "fact_seed": Text("Startwert des Zufalls", "Seed"),
    "fact_replications": Text("simulierte Jahre", "Simulated years"),
    "fact_grid": Text("simulierte Jahre je Punkt der Karten", "Simulated years at a point of the maps"),
    "fact_version": Text("Version", "Version"),
    "fact_model": Text("simuliert", "Simulated"),
    "fact_year": Text("Kalenderjahr", "Calendar year"),
    "fact_level": Text("Servicelevel", "Service level"),
    "since_queue": Text("ab Warteschlange", "since the queue"),
    "fact_level_value": Text(
        "{target} in {within} s, {variant}, {clock}", "{target} within {within} s, {variant}, {clock}"
    ),
}


class Voice:
    """Says things in one language, its numbers as that language writes them."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def say(self, key: str, **values: str) -> str:
        """The sentence of that key with its values. Raises KeyError for one that is not there."""
        return self.of(TEXTS[key]).format(**values)

    def template(self, key: str) -> str:
        """The sentence with its places for values."""
        return self.of(TEXTS[key])

    def name(self, scenario: Scenario) -> str:
        """What a scenario is called."""
        return scenario.de if self.language == "de" else scenario.en

    def of(self, named: object) -> str:
        """What something is called that has a name in both languages."""
        return str(getattr(named, self.language))

    def language_name(self, scenario: Scenario, code: str) -> str:
        """A language's name, that of the centre's file where this house does not know it."""
        if code in LANGUAGE_NAMES:
            return self.of(LANGUAGE_NAMES[code])
        return next((each.name for each in scenario.house.language if each.code == code), code)

    def concern_name(self, scenario: Scenario, key: str) -> str:
        """A concern's name as the centre's file has it."""
        return next((self.of(each) for each in scenario.house.concern if each.key == key), key)

    def variant(self, scenario: Scenario) -> str:
        """The service level's variant in words."""
        return self.of(VARIANTS[scenario.house.service_level.variant])

    def number(self, value: float, digits: int = 0) -> str:
        return numbers.number(value, digits, self.language)

    def percent(self, value: float) -> str:
        return numbers.percent(value, self.language)

    def target(self, value: float) -> str:
        """A share that was set by people: as many decimals as it has."""
        blank = "\N{NO-BREAK SPACE}" if self.language == "de" else ""
        return f"{numbers.exact(round(value * 100, 6), self.language)}{blank}%"

    def days(self, value: float) -> str:
        """A time that was set by people, with its unit."""
        return f"{self.exact(value)}\N{NO-BREAK SPACE}{numbers.unit_name('days', self.language)}"

    def exact(self, value: float) -> str:
        return numbers.exact(value, self.language)

    def amount(self, value: float, unit: str) -> str:
        return numbers.amount(value, unit, self.language)

    def with_unit(self, value: float, unit: str) -> str:
        return numbers.with_unit(value, unit, self.language)

    def interval(self, each: Estimate, unit: str) -> str:
        """Of the mean, as far as it can lie."""
        cut = each.within(unit)
        return numbers.span(cut.low, cut.high, unit, self.language)

    def year(self, each: Estimate, unit: str) -> str:
        """Between what a single year lies, as far as it can."""
        cut = each.within(unit)
        return numbers.span(cut.year_low, cut.year_high, unit, self.language)

    def difference(self, value: float, unit: str) -> str:
        return numbers.difference(value, unit, self.language)

    def difference_interval(self, each: Estimate, unit: str) -> str:
        """Of a difference, with signs."""
        begin, end = self.difference(each.low, unit), self.difference(each.high, unit)
        if numbers.NONE in (begin, end):
            return numbers.NONE
        word, blank = "bis" if self.language == "de" else "to", "\N{NO-BREAK SPACE}"
        return f"{begin}{blank}{word}{blank}{end}"
