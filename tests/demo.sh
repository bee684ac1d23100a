#!/bin/sh
# A real sync in a few seconds: private servers with sample mail, calendars, tasks, notes and contacts, a first
# sync, changes on both sides, and what comes of them.  Nothing outside a fresh directory is touched; KEEP=1
# leaves it for a look.
cd "$(dirname "$0")/.." || exit 1
top=$PWD
koc=${KOC:-$top/koc}
umask 022
base=$(mktemp -d /tmp/koc-demo.XXXXXX) || exit 1
chmod 711 "$base" # the server's mail user must pass
server=$base/server dav=$base/dav-server store=$base/alice config=$base/config

finish() {
	"$top/tests/servers/dovecot" stop --dir "$server"
	"$top/tests/servers/radicale" stop --dir "$dav"
	if [ -n "$KEEP" ]; then
		say "The servers are stopped. Everything is still in $base:" \
		    "    $store    the store: Maildirs for any mail program, .ics and .vcf files for khal, todoman, khard" \
		    "    $config    the configuration"
	else
		rm -rf "$base"
		echo
		echo "The servers are stopped, and $base is removed (KEEP=1 make demo leaves it for a look)."
	fi
}
trap finish EXIT
trap 'exit 1' INT TERM

say() {
	echo
	printf '%s\n' "$@"
}

# Shows a command, runs it; the demonstration ends if it does not end as expected.
wanted=0
show() {
	echo "    \$ $*" | sed -e "s|$base/||g" -e "s|$koc|koc|"
	"$@" > "$base/out" 2>&1
	got=$?
	sed -e 's/^/      /' -e "s|$base/||g" "$base/out"
	if [ $got -ne "$wanted" ]; then
		echo "demo: that ended with status $got, not $wanted" >&2
		exit 1
	fi
}

there() {
	"$top/tests/tools/imapdo.py" --dir "$server" "$@"
}

dav_there() {
	"$top/tests/tools/davdo.py" --dir "$dav" "$@"
}

same() {
	there compare "$store" > "$base/out" && dav_there compare "$store" "$@" > "$base/dav-out" || {
		echo "demo: the two sides differ:" >&2
		cat "$base/out" "$base/dav-out" >&2
		exit 1
	}
	echo "      Checked with programs that share nothing with koc:"
	echo "      mail $(cat "$base/out"); calendars, tasks, notes, contacts $(cat "$base/dav-out")."
}

# The file in a folder whose message has this subject.
file_of() {
	grep -l "^Subject: $2\$" "$store/mail/$1/cur/"* "$store/mail/$1/new/"* 2> /dev/null | head -n 1
}

message() {
	printf 'From: %s\nTo: alice@example.com\nSubject: %s\nDate: Sun, 22 Nov 2026 12:00:00 +0000\nMessage-ID: <%s@demo.example>\n\n%s\n' \
	    "$1" "$2" "$(echo "$2" | tr -dc a-zA-Z)" "$3"
}

# What a mail program shows of a message with attachments.
text_of() {
	sed -n -e '/^From: /p' -e '/^Subject: /p' -e '/^Date: /p' -e '/^$/q' "$1"
	echo
	awk '/^--/ { part++ } part == 2 { exit } part == 1 && text { print } part == 1 && /^$/ { text = 1 }' "$1"
	grep '^Content-Disposition: attachment' "$1" | sed 's/.*filename=/[attached: /; s/$/]/'
}

# An item as a program would write it: COMPONENT UID SUMMARY.
item() {
	case $1 in
	VCARD) printf 'BEGIN:VCARD\nVERSION:3.0\nUID:%s\nFN:%s\nN:%s;;;;\nEND:VCARD\n' "$2" "$3" "$3" ;;
	*)
		printf 'BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//demo//EN\nBEGIN:%s\nUID:%s\n' "$1" "$2"
		[ "$1" != VEVENT ] || printf 'DTSTART:20261201T180000Z\nDURATION:PT1H\n'
		printf 'DTSTAMP:20261122T120000Z\nSUMMARY:%s\nEND:%s\nEND:VCALENDAR\n' "$3" "$1"
		;;
	esac
}

# The UID of the n-th item of a folder on the server, and the file in a directory that has a UID.
nth() {
	dav_there list "$1" | sed -n "$2s/.*\"uid\": \"\([^\"]*\)\".*/\1/p"
}
file_with() {
	grep -lF "$2" "$store/$1/"* 2> /dev/null | head -n 1
}

# As programs save a file: a temporary one, renamed.
edit() {
	sed "$1" "$2" > "$2.tmp" && mv "$2.tmp" "$2"
}

say '== A server with mail, and one with calendars, tasks, notes and contacts'
mkdir -p "$server/mail/alice" "$dav/data"
"$top/tests/tools/corpus.py" --profile demo "$server/mail/alice/Maildir" > "$base/out" || exit 1
"$top/tests/tools/davcorpus.py" --profile demo "$dav/data" > "$base/dav-out" || exit 1
"$top/tests/servers/dovecot" start --dir "$server" --with $$ || exit 1
"$top/tests/servers/radicale" start --dir "$dav" --with $$ || exit 1
port=$(cat "$server/port.imaps")
dav_port=$(cat "$dav/port.http")
echo "   A private Dovecot on 127.0.0.1 port $port, with $(cat "$base/out") for alice."
echo "   A private Radicale on 127.0.0.1 port $dav_port, with"
sed 's/^/   /' "$base/dav-out"

cat > "$config" <<END
account "demo" {
    user        = "alice"
    password    = 'secret'
    imap        = "imaps://127.0.0.1:$port"
    dav         = { "http://127.0.0.1:$dav_port/" }
    tls-ca-file = "$server/tls/ca.pem"
    store       = "$store"
    folder "mail/*" { mode = full }
}
END
chmod 600 "$config"
say '== The configuration'
sed -e 's/^/      /' -e "s|$base/||g" "$config"

say '== First sync: everything comes here, as plain Maildirs, .ics and .vcf files'
show "$koc" sync -c "$config"
find "$store/mail" -name cur -type d | sort | while read -r cur; do
	folder=${cur%/cur}
	printf '      %4d  %s\n' "$(find "$folder/cur" "$folder/new" -type f | wc -l)" "${folder#"$base/"}"
done
find "$store/calendars" "$store/tasks" "$store/notes" "$store/contacts" -mindepth 1 -type d | sort |
    while read -r folder; do
	printf '      %4d  %s\n' "$(find "$folder" -name '*.ics' -o -name '*.vcf' | wc -l)" "${folder#"$base/"}"
done
same --exact

say '== A second one: nothing is new, so nothing is said, sent or changed'
show "$koc" sync -c "$config"

say '== Meanwhile, on the server: a message arrives, one is flagged, one is removed, a folder is made'
message 'Ingrid <ingrid@example.net>' 'News from the coast' 'The boat is ready.' > "$base/new"
there append INBOX "$base/new" > "$base/out" || exit 1
there store INBOX 3 + F && there expunge INBOX 4 && there create 'Work/Plans' || exit 1
say '== An event is put into a calendar there, another is changed, a contact is removed, an address book is made'
item VEVENT concert@demo 'Concert by the lake' > "$base/concert.ics"
item VCARD jane@demo 'Jane Miller' > "$base/jane.vcf"
dav_there add Home "$base/concert.ics" && dav_there edit Work "$(nth Work 2)" 'Moved to room 5' &&
    dav_there delete Friends "$(nth Friends 3)" && dav_there make contacts club 'Chess club' &&
    dav_there add 'Chess club' "$base/jane.vcf" || exit 1

say '== Meanwhile, offline here, with plain mv and rm: one is read, one filed, one removed, one written'
first=$(ls "$store/mail/INBOX/cur/"*:2, "$store/mail/INBOX/new/"* 2> /dev/null | sed -n 2p)
first_name=$(basename "$first")
mv "$first" "$store/mail/INBOX/cur/${first_name%:2,*}:2,S"
second=$(ls "$store/mail/INBOX/cur/"*:2,S | sed -n 5p)
mv "$second" "$store/mail/Archive/2026/cur/"
rm "$(ls "$store/mail/Sent/cur/"* | sed -n 1p)"
message 'alice@example.com' 'A note to myself' 'Buy bread.' > "$store/mail/Drafts/cur/1.demo.here:2,DS"
say '== A task is written here, an event edited, another moved to the other calendar, a directory made for ideas'
item VTODO bread@demo 'Buy bread' > "$store/tasks/To do/bread.ics"
edit 's/^SUMMARY:.*/SUMMARY:With cake/' "$(file_with calendars/Home "$(nth Home 2)")"
mv "$(file_with calendars/Home "$(nth Home 4)")" "$store/calendars/Work/"
mkdir "$store/notes/Ideas"
item VJOURNAL idea@demo 'A boat of our own' > "$store/notes/Ideas/boat.ics"

say '== What would a sync do?  -n tells, and does nothing'
show "$koc" sync -n -c "$config"
say '== And does it'
show "$koc" sync -c "$config"
same

say '== One message, changed on both sides: flagged there, answered here.  Flags merge; no conflict'
uid=$(there list INBOX | sed -n 's/^{"uid": \([0-9]*\),.*/\1/p' | tail -n 1)
there store INBOX "$uid" + F || exit 1
here=$(file_of INBOX 'News from the coast')
mv "$here" "$store/mail/INBOX/cur/$(basename "${here%:2,*}"):2,RS"
show "$koc" sync -c "$config"
same
ls "$store/mail/INBOX/cur" | grep -F "$(basename "${here%:2,*}")" | sed 's/^/      the file is now /'

say '== One event, changed on both sides: the server'"'"'s version takes its place, the other lies in Conflicts'
dav_there edit Home concert@demo 'Concert at seven' || exit 1
edit 's/^SUMMARY:.*/SUMMARY:Concert with Jane/' "$(file_with calendars/Home concert@demo)"
show "$koc" sync -c "$config"
say '== A message in the inbox tells what clashed, and what to type'
notice=$(grep -l '^X-Koc-Notice:' "$store/mail/INBOX/new/"*) || exit 1
text_of "$notice" | sed -e 's/^/      | /' -e "s|$base/||g"
say '== Mine is to stand'
number=$("$koc" conflicts -c "$config" --json | sed -n 's/.*"number":\([0-9]*\).*/\1/p')
show "$koc" conflicts -c "$config"
show "$koc" conflicts -c "$config" keep "$number"
show "$koc" sync -c "$config"
same
say '== Once more, and mv does the same'
dav_there edit Home concert@demo 'Concert at eight' || exit 1
edit 's/^SUMMARY:.*/SUMMARY:Concert with Jane and Tom/' "$(file_with calendars/Home concert@demo)"
show "$koc" sync -c "$config"
here=$(file_with Conflicts/calendars/Home concert@demo)
echo "    \$ mv alice/Conflicts/calendars/Home/$(basename "$here") alice/calendars/Home/"
mv "$here" "$(file_with calendars/Home concert@demo)"
show "$koc" sync -c "$config"
same

say '== What there is'
show "$koc" folders -c "$config"
show "$koc" status -c "$config"

say '== The plug is pulled in the middle of a run: the next one finishes the work'
for n in 1 2 3 4 5; do
	message 'Build Robot <ci@example.com>' "Build $n finished" 'All tests passed.' > "$base/new"
	there append INBOX "$base/new" > /dev/null || exit 1
	message 'alice@example.com' "Draft $n" 'To be continued.' > "$store/mail/Drafts/cur/$n.demo.draft:2,DS"
	item VEVENT "build-$n@demo" "Build $n" > "$store/calendars/Work/build-$n.ics"
done
echo '    $ koc sync -c config        (both workers stopped by SIGKILL before their 8th durable step)'
KOC_TEST_KILL_AT=8 "$koc" sync -c "$config" > "$base/out" 2>&1
sed 's/^/      /' "$base/out"
[ "$(grep -c 'signal 9' "$base/out")" -eq 2 ] || { echo 'demo: they were not killed' >&2; exit 1; }
show "$koc" sync -c "$config"
same
