#!/bin/sh
# Side by side with mbsync, vdirsyncer and curl on the same servers: the rows of the
# promise "speed and size".  See tests/tools/bench.py for what is measured.
#
#     sh tests/bench.sh [--quick] [--row NAME]… [--runs N]
cd "$(dirname "$0")/.." || exit 1
exec /usr/bin/python3 tests/tools/bench.py "$@"
