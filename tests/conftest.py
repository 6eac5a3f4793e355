"""What holds for every test: none is timed, and each hears of interruptions."""

import signal

from hypothesis import settings

settings.register_profile("house", deadline=None)  # how long an example takes is the machine's
settings.load_profile("house")

# A run that a script puts into the background is born deaf to Ctrl-C, and so is all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
