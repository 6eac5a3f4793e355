"""The story of a run that went wrong, for whoever has to find out why."""

from tests.model.run import Outcome
from tests.model.settings import START_MS

BEFORE_MS = 60_000


def tell(outcome: Outcome) -> None:
    """Print what happened before the first thing that went wrong, and how to play it again."""
    end = outcome.settings.seconds * 1_000
    first = min((when for _, _, when in outcome.wrong if 0 < when < end), default=0)
    for when, who, what in outcome.story:
        at = when - START_MS
        if not first or first - BEFORE_MS <= at <= first + 100:
            print(f"{at / 1000:9.3f}  {who:6}  {what}")
    for kind, what, when in outcome.wrong:
        print(f"wrong: {kind}: {what}" + (f" (at {when / 1000:.3f} s)" if when else ""))
    print(f"again: python -m tests.model {outcome.settings.words()} --no-shrink")
    print(
        f"{outcome.calls} calls, {outcome.talks} talks, {outcome.events} events, {len(outcome.wrong)} wrong"
    )
