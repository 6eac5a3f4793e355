#!/usr/bin/env bash
# All tests, in three runs at once: real calls mostly wait, everything else mostly computes. Where this user
# may have a network of their own, the contracts run there, so that no two runs take a port from each other;
# else they wait for the other real calls to end.
set -uom pipefail # m: a run in the background is a group of its own, to be ended whole
python=$1
started=()
trap 'for each in "${started[@]}"; do kill -- "-$each" 2>/dev/null; done' EXIT
mkdir -p build

contracts() { "$@" "$python" -m pytest --durations=15 tests/contract >build/contracts.txt 2>&1; }
own_network() { unshare --net sh -c 'ip link set lo up && exec "$@"' sh "$@"; }

nice -n 19 "$python" -m pytest tests/unit tests/properties tests/model tests/planner >build/tests.txt 2>&1 &
started+=($!)
if own_network true 2>/dev/null; then
	contracts own_network &
	started+=($!)
fi
"$python" -m pytest --durations=15 tests/integration
failed=$?
if [ ${#started[@]} -eq 1 ]; then
	contracts env &
	started+=($!)
fi
for each in "${started[@]}"; do
	wait "$each" || failed=1
done
started=()
cat build/contracts.txt build/tests.txt
exit "$failed"
