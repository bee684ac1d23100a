#!/bin/sh
# All tests that take minutes: unit tests, the same under ASan and UBSan, then the whole program on real
# servers.  `make check` builds first.  Arguments: test files to run instead of all of tests/t.
cd "$(dirname "$0")/.." || exit 1

# One unit test: its output is shown when it fails.
unit() {
	log=$2/$(echo "$1" | tr / -)
	if timeout 300 "$1" > "$log" 2>&1; then
		echo "ok   $1 ($(grep -c '\[ *OK *\]' "$log"))"
	else
		echo "FAIL $1: status $?"
		sed 's/^/     /' "$log"
	fi
}
if [ "$1" = --unit ]; then # called by xargs below
	unit "$2" "$3"
	exit 0
fi

jobs=${JOBS:-2}
# Under the sanitizers these take a minute each: there they run in `make torture` only.
heavy='dav_contract_radicale dav_contract_xandikos format_merge_random imap_contract imap_gate maildir_large model vdir_large'

# Whole-program tests that take most of a minute each, beside others about the same: in `make torture` only.
slow='49-order 57-kill-merge 58-kill-edit-again 59-kill-resolve'

# The whole-program tests to be run.
files() {
	for file in tests/t/*.t; do
		case " $slow " in
		*" $(basename "$file" .t) "*) [ "$1" = slow ] && echo "$file" ;;
		*) [ "$1" = slow ] || echo "$file" ;;
		esac
	done
}

# The unit programs to be run, a line each.
programs() {
	for program in tests/unit/*.c; do
		name=$(basename "$program" .c)
		case " $heavy " in
		*" $name "*) [ "$1" = heavy ] && echo "build/asan/tests/$name" || echo "build/tests/$name" ;;
		*) [ "$1" = heavy ] || printf 'build/tests/%s\nbuild/asan/tests/%s\n' "$name" "$name" ;;
		esac
	done
}
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT
trap 'exit 1' INT TERM
began=$(date +%s)
status=0

if [ "$1" = --heavy ]; then # make torture
	programs heavy | xargs -P "$jobs" -I '{}' sh tests/check.sh --unit '{}' "$logs" > "$logs/units"
	sort "$logs/units"
	grep -q '^FAIL ' "$logs/units" && status=1
	[ "$(grep -c '^ok ' "$logs/units")" -eq "$(programs heavy | wc -l)" ] || status=1
	files slow | xargs prove -j "$jobs" -e 'timeout 900 /usr/bin/python3' || status=1
	exit $status
fi
if [ $# -eq 0 ]; then
	programs all | xargs -P "$jobs" -I '{}' sh tests/check.sh --unit '{}' "$logs" > "$logs/units"
	sort "$logs/units"
	passed=$(grep -c '^ok ' "$logs/units")
	failed=$(grep -c '^FAIL ' "$logs/units")
	# Some may never have been run.
	wanted=$(programs all | wc -l)
	if [ "$failed" -gt 0 ] || [ "$passed" -ne "$wanted" ] || [ "$wanted" -eq 0 ]; then
		status=1
	fi
	units="unit tests: $passed of $wanted programs passed, nearly half of them under ASan and UBSan"
	# Fuzz targets, over their files and fixed mutations of these.
	for at in build build/asan; do
		timeout 600 "$at/replay" tests/fuzz/corpus > "$logs/replay" 2>&1 || status=1
		grep -v ', 0 failed$' "$logs/replay"
		echo "$at/replay: $(tail -n 1 "$logs/replay")"
	done
	set -- $(files all)
fi

# prove reads the interpreter from -e; a test file that hangs is ended.
# They wait for servers most of the time: one more than there are processors.
prove -j $((jobs + 1)) -e 'timeout 400 /usr/bin/python3' "$@" || status=1

[ -z "$units" ] || echo "$units"
echo "whole program: $# test files on real servers"
echo "all together: $(($(date +%s) - began)) s; $([ $status = 0 ] && echo PASSED || echo FAILED)"
exit $status
