#!/usr/bin/env bash
# All tests, in two runs at once: real calls mostly wait, everything else mostly computes.
set -uom pipefail # m: a run in the background is a group of its own, to be ended whole
python=$1
mkdir -p build
nice -n 19 "$python" -m pytest tests/unit tests/properties tests/model tests/planner >build/tests.txt 2>&1 &
computing=$!
trap 'kill -- "-$computing" 2>/dev/null' EXIT
"$python" -m pytest tests/contract tests/integration
calls=$?
wait "$computing"
rest=$?
trap - EXIT
cat build/tests.txt
exit $((calls || rest))
