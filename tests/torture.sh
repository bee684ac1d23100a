#!/bin/sh
# The long tests: random changes on both sides, round after round, each run of koc killed at a random step.
#
#     sh tests/torture.sh [--rounds N] [--seed S]
cd "$(dirname "$0")/.." || exit 1
exec /usr/bin/python3 tests/tools/torture.py "$@"
