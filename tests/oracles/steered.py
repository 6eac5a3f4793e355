"""A wild hotline with a supervisor in it: what is steered holds, and everything else goes on by the rules."""

from routing import events as ev
from tests.oracles.wild import CONCERNS, LANGUAGES, Wild


class Steered(Wild):
    """The same, and now and then a supervisor says something."""

    def __init__(self, seed: int, twins: bool = True) -> None:
        super().__init__(seed, twins)
        self._weights[self.of_a_supervisor] = 14
        self._weights[self.of_the_hotline] = 8

    def of_a_supervisor(self) -> None:
        """Mostly of a caller who waits, or who is offered."""
        one = self.chance
        visit = self.visit("waiting") if one.random() < 0.6 else self.visit("offered", "ringing")
        visit = visit or self.visit()
        number = visit.id if visit is not None and one.random() < 0.95 else 5
        who = one.choice((*self.world.people, "nobody"))
        free = [key for key, each in self.world.people.items() if each.free]
        self.tell(
            one.choice(
                (
                    ev.VisitPlaced(number, one.choice(("front", "front", "back", "own_place", "nowhere"))),
                    ev.VisitPlaced(number, one.choice(("front", "back"))),
                    ev.PriorityGiven(number, "vip"),
                    ev.PriorityTaken(number, one.choice(("vip", "repeat", "other"))),
                    ev.NeedGiven(number, one.choice(("", *LANGUAGES)), one.choice(("", *CONCERNS))),
                    ev.NeedGiven(number, "", ""),
                    ev.PersonNamed(number, who),
                    ev.PersonNamed(number, one.choice((who, ""))),
                    ev.OfferedByHand(number, one.choice(free or [who])),
                    ev.OfferedByHand(number, who),
                    ev.OfferPulledBack(number),
                )
            )
        )

    def of_the_hotline(self) -> None:
        """Something is set, given back, or runs out; somebody can do other things for a while."""
        one = self.chance
        until = self.now + one.choice((1_000, 20_000, 100_000, 400_000))
        languages = tuple((each, one.randint(1, 7)) for each in one.sample(("de", "en", "ar", "tr"), 2))
        concerns = tuple((each, one.randint(1, 5)) for each in one.sample(CONCERNS, one.randint(0, 2)))
        rules = [each.name for each in self.rules.overflow] or ["gone"]
        whose = one.choice(("/", "tr/", "/study", "tr/study", "/"))
        self.tell(
            one.choice(
                (
                    ev.SetByHand("hours", whose, one.choice(("closed", "open", "rules")), until),
                    ev.SetByHand("hours", whose, one.choice(("closed", "open", "rules")), 0),
                    ev.SetByHand("hours", whose, "rules", 0),
                    ev.SetByHand("reserve", one.choice(("tr", "ar", "de")), one.choice(("on", "off")), until),
                    ev.SetByHand("reserve", one.choice(("tr", "ar")), "rules", 0),
                    ev.SetByHand("overflow", one.choice(rules), one.choice(("on", "off", "rules")), until),
                    ev.SetByHand("overflow", one.choice(rules), one.choice(("on", "off")), until),
                    ev.SetByHand("drain", "", one.choice(("on", "rules", "rules", "off")), until),
                    ev.SkillsLent(one.choice((*self.world.people, "nobody")), languages, concerns, until),
                    ev.SkillsLent(one.choice((*self.world.people, "nobody")), (), (), one.choice((0, until))),
                )
            )
        )
