#!/bin/sh
# Commands and options: what the tables of the program have, `koc help` tells and koc(1) documents are
# the same.  One finding a line; status 1 if there is any.
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# The rows { 'n', "dry-run", NULL, …: "name letter argument".
options() {
	sed -n 's/^	{ \(0\|'"'.'"'\), "\([a-z-]*\)", \(NULL\|"\([A-Z]*\)"\), ".*/\2 \1 \4/p' "$1" |
	    sed "s/'//g"
}

blind() { # file, how many were seen, how many there are at least
	[ "$2" -ge "$3" ] || echo "$1: only $2 seen: is this check blind?"
}

# One option must be in the help and in the part of koc(1).
option() { # command, name, letter, argument, help, part
	flag="--$2${4:+ $4}"
	macro="-$2${4:+ Ar $(echo "$4" | tr A-Z a-z)}"
	if [ "$3" != 0 ]; then
		flag="-$3, $flag"
		macro="$3 , Fl $macro"
	fi
	grep -qF -e "$flag " "$5" || echo "koc help${1:+ $1}: lacks $flag"
	grep -qxF -e ".It Fl $macro" "$6" || echo "man/koc.1: lacks .It Fl $macro${1:+ ($1)}"
}

forward() {
	./koc help > "$work/help" || echo "koc help: status $?"
	awk '/^\.Ss Options for all/ { on = 1; next } /^\.S[sh]/ { on = 0 } on' man/koc.1 \
	    > "$work/part"
	options src/command/line.c | while read -r name letter argument; do
		option "" "$name" "$letter" "$argument" "$work/help" "$work/part"
	done
	paste "$work/table" "$work/files" | while read -r command file; do
		grep -q "^  $command " "$work/help" || echo "koc help: lacks the command $command"
		./koc help "$command" > "$work/one" || echo "koc help $command: status $?"
		awk -v command="$command" '/^\.It Nm Cm / { on = ($4 == command) } on' \
		    "$work/commands" > "$work/part"
		[ -s "$work/part" ] || echo "man/koc.1: lacks the command $command"
		options "$file" | while read -r name letter argument; do
			option "$command" "$name" "$letter" "$argument" "$work/one" "$work/part"
		done
	done
}

# Nothing is documented that there is not.
backward() {
	sed -n 's/^\.It Nm Cm \([a-z]*\).*/\1/p' "$work/commands" | sort > "$work/documented"
	sort "$work/table" | comm -13 - "$work/documented" |
	    sed 's/^/man\/koc.1: there is no command /'
	for file in src/command/line.c $(cat "$work/files"); do
		options "$file"
	done | cut -d ' ' -f 1 | sort -u > "$work/known"
	grep '^\.It Fl ' man/koc.1 | grep -oE 'Fl -[a-z-]+' | sed 's/Fl -//' | sort -u |
	    comm -13 "$work/known" - | sed 's/^/man\/koc.1: there is no option --/'
}

check() {
	if ! make -s koc > "$work/make" 2>&1; then
		echo "koc does not build: $(grep -m 1 -E 'error|undefined' "$work/make")"
		return
	fi
	# &command_sync, in the table of commands, and the file that has it.
	sed -n 's/^	&command_\([a-z]*\),$/\1/p' src/koc.c > "$work/table"
	for command in $(cat "$work/table"); do
		grep -lE "^(static )?const struct command command_$command = \{" \
		    src/koc.c src/command/*.c
	done > "$work/files"
	awk '/^\.Sh COMMANDS/ { on = 1; next } /^\.Sh/ { on = 0 } on' man/koc.1 > "$work/commands"
	blind src/koc.c "$(wc -l < "$work/table")" 4
	blind "the commands' files" "$(wc -l < "$work/files")" "$(wc -l < "$work/table")"
	blind src/command/line.c "$(options src/command/line.c | wc -l)" 7
	blind src/command/sync.c "$(options src/command/sync.c | wc -l)" 6
	forward
	backward
}

check > "$work/findings"
cat "$work/findings"
[ ! -s "$work/findings" ]
