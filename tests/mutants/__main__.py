"""make mutants: SEED= which sample, MUTANTS= how many (0: every change there is), ONLY= of which files."""

import os
import sys

from tests.mutants.run import main

if __name__ == "__main__":
    jobs = int(os.environ.get("JOBS", "0")) or len(os.sched_getaffinity(0))
    sys.exit(
        main(
            int(os.environ.get("SEED", "1")),
            int(os.environ.get("MUTANTS", "200")),
            jobs,
            os.environ.get("ONLY", ""),
        )
    )
