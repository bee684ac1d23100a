#!/bin/sh
# The long tests: random changes on both sides, round after round, each run of koc killed at a random step or cut
# off from its server.  Mail: tests/tools/torture.py; calendars and contacts: tests/tools/davtorture.py.
#
#     sh tests/torture.sh [mail|dav] [--rounds N] [--seed S]
cd "$(dirname "$0")/.." || exit 1
which=both
case $1 in
mail | dav) which=$1; shift ;;
esac
status=0
if [ $which = both ]; then
	make --no-print-directory asan > /dev/null && sh tests/check.sh --heavy || status=1
fi
[ $which = dav ] || /usr/bin/python3 tests/tools/torture.py "$@" || status=1
[ $which = mail ] || /usr/bin/python3 tests/tools/davtorture.py "$@" || status=1
exit $status
