"""No property test is timed: how long an example takes is the machine's, not the code's."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
