"""What one run holds: how much of everything, and which faults are on. All of it follows from the seed."""

from dataclasses import dataclass, replace
from random import Random

START_MS = 1_700_000_000_000

FAULTS = (
    "stall",  # the daemon's process stands still
    "stuck_commit",  # the journal does not take a batch for a while
    "kill",  # the daemon is killed and started again
    "cut",  # the AMI connection breaks
    "silence",  # the network swallows AMI for a while, and the connection breaks or goes on
    "pbx_death",  # Asterisk is killed: every call is gone
    "slow_events",  # events take up to 300 ms
    "slow_commands",  # commands take up to 300 ms
    "swallowed",  # a Redirect answers Success and does nothing, as at a simultaneous BYE
    "caught",  # a Redirect lands between two priorities
    "refusals",  # busy, declined, 480, 404, 488, 503, ringing out
    "dead_socket",  # a phone that nobody qualifies any more says nothing
    "blink",  # answered and ended within 100 ms
    "short",  # answered and ended within two seconds
    "progress",  # 183 and no 180
    "late_answer",  # answered in the instant in which the offer is withdrawn
    "lost_phone",  # a phone dies in a talk, or goes off the network and comes back
    "private",  # staff telephone without us
    "staff",  # staff log in and out, are ready and not
    "roster",  # people come, go and change their phones while all goes on
    "policy",  # another policy comes into force
    "hours",  # the centre closes and opens
    "midnight",  # a new day begins, perhaps while nobody is linked
    "drift",  # snapshots are asked for while events are on their way
    "leavers",  # callers hang up at any moment
    "vanished",  # callers vanish without hanging up
    "keys",  # second language, case number, again, the menus
    "emergency",  # an emergency announcement goes on and off, and may end calls
    "overflow",  # by wait, length, nobody: a wider need, and the end
    "announces",  # those who wait are told how it stands, and may have the place of an earlier call
    "unlisted",  # a phone that the PBX's list does not name
    "recording",  # callers are asked for a recording; some say yes, and some of those take it back
)

LATER = (
    "steers",  # a supervisor puts callers elsewhere in line, gives them to somebody, takes offers back
)
"""Each drawn by a chance of its own, so that no seed of before is another run."""

SECONDS = (120, 180, 300)


@dataclass(frozen=True)
class Settings:
    """One run. seconds: how long callers come; without: what the dialplan or runner lack (to see it fail)."""

    seed: int
    seconds: int
    callers: int
    people: int
    faults: frozenset[str]
    without: frozenset[str] = frozenset()

    def random(self, what: str) -> Random:
        """Chance for one concern, the same whatever the others do."""
        return Random(f"{self.seed}/{what}")

    def has(self, fault: str) -> bool:
        return fault in self.faults

    def under(self, faults: str) -> "Settings":
        """The same with just these faults (comma between)."""
        return replace(self, faults=frozenset(faults.split(",")))

    def smaller(self) -> "list[Settings]":
        """The same run with less in it, the greatest steps first."""
        found = []
        if self.callers > 1:
            found += [replace(self, callers=n) for n in sorted({1, 2, self.callers // 2, self.callers - 1})]
        if self.seconds > 30:
            found += [replace(self, seconds=n) for n in (30, self.seconds // 2)]
        if self.people > 1:
            found += [replace(self, people=n) for n in sorted({1, self.people - 1})]
        found += [replace(self, faults=self.faults - {each}) for each in sorted(self.faults)]
        return [each for each in found if each.callers > 0 and each != self]

    def words(self) -> str:
        """As the command line takes it."""
        said = f"--seed {self.seed} --seconds {self.seconds} --callers {self.callers} --people {self.people}"
        said += f" --faults {','.join(sorted(self.faults)) or '-'}"
        return said + (f" --without {','.join(sorted(self.without))}" if self.without else "")


def drawn(seed: int, without: frozenset[str] = frozenset()) -> Settings:
    """The settings of a seed: each run has some of the faults, so that each meets each in some run."""
    rng = Random(f"{seed}/settings")
    share = rng.choice((0.15, 0.35, 0.6))
    faults = frozenset(fault for fault in FAULTS if rng.random() < share)
    faults |= {fault for fault in LATER if Random(f"{seed}/{fault}").random() < share}
    return Settings(
        seed, rng.choice(SECONDS), rng.choice((4, 10, 20)), rng.choice((2, 3, 5)), faults, without
    )
