#!/bin/sh
# A real sync in a few seconds: a private server with sample mail, a first sync, changes on both sides, and
# what comes of them.  Nothing outside a fresh directory is touched; KEEP=1 leaves it for a look.
cd "$(dirname "$0")/.." || exit 1
top=$PWD
koc=${KOC:-$top/koc}
umask 022
base=$(mktemp -d /tmp/koc-demo.XXXXXX) || exit 1
chmod 711 "$base" # the server's mail user must pass
server=$base/server store=$base/mail-of-alice config=$base/config

finish() {
	"$top/tests/servers/dovecot" stop --dir "$server"
	if [ -n "$KEEP" ]; then
		say "The server is stopped. Everything is still in $base:" \
		    "    $store    the store: Maildirs that any mail program reads" \
		    "    $config    the configuration"
	else
		rm -rf "$base"
		echo
		echo "The server is stopped, and $base is removed (KEEP=1 make demo leaves it for a look)."
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

same() {
	there compare "$store" > "$base/out" || {
		echo "demo: the two sides differ:" >&2
		cat "$base/out" >&2
		exit 1
	}
	echo "      Checked with a program that shares nothing with koc: $(cat "$base/out")."
}

# The file in a folder whose message has this subject.
file_of() {
	grep -l "^Subject: $2\$" "$store/mail/$1/cur/"* "$store/mail/$1/new/"* 2> /dev/null | head -n 1
}

message() {
	printf 'From: %s\nTo: alice@example.com\nSubject: %s\nDate: Sun, 22 Nov 2026 12:00:00 +0000\nMessage-ID: <%s@demo.example>\n\n%s\n' \
	    "$1" "$2" "$(echo "$2" | tr -dc a-zA-Z)" "$3"
}

say '== A server with mail'
mkdir -p "$server/mail/alice"
"$top/tests/tools/corpus.py" --profile demo "$server/mail/alice/Maildir" > "$base/out" || exit 1
"$top/tests/servers/dovecot" start --dir "$server" --with $$ || exit 1
port=$(cat "$server/port.imaps")
echo "   A private Dovecot on 127.0.0.1 port $port, with $(cat "$base/out") for alice."

cat > "$config" <<END
account "demo" {
    user        = "alice"
    password    = 'secret'
    imap        = "imaps://127.0.0.1:$port"
    tls-ca-file = "$server/tls/ca.pem"
    store       = "$store"
    folder "mail/*" { mode = full }
}
END
chmod 600 "$config"
say '== The configuration'
sed -e 's/^/      /' -e "s|$base/||g" "$config"

say '== First sync: everything comes here, as plain Maildirs'
show "$koc" sync -c "$config"
find "$store/mail" -name cur -type d | sort | while read -r cur; do
	folder=${cur%/cur}
	printf '      %4d  %s\n' "$(find "$folder/cur" "$folder/new" -type f | wc -l)" "${folder#"$base/"}"
done
same

say '== A second one: nothing is new, so nothing is said, sent or changed'
show "$koc" sync -c "$config"

say '== Meanwhile, on the server: a message arrives, one is flagged, one is removed, a folder is made'
message 'Ingrid <ingrid@example.net>' 'News from the coast' 'The boat is ready.' > "$base/new"
there append INBOX "$base/new" > "$base/out" || exit 1
there store INBOX 3 + F && there expunge INBOX 4 && there create 'Work/Plans' || exit 1
say '== Meanwhile, offline here, with plain mv and rm: one is read, one filed, one removed, one written'
first=$(ls "$store/mail/INBOX/cur/"*:2, "$store/mail/INBOX/new/"* 2> /dev/null | sed -n 2p)
first_name=$(basename "$first")
mv "$first" "$store/mail/INBOX/cur/${first_name%:2,*}:2,S"
second=$(ls "$store/mail/INBOX/cur/"*:2,S | sed -n 5p)
mv "$second" "$store/mail/Archive/2026/cur/"
rm "$(ls "$store/mail/Sent/cur/"* | sed -n 1p)"
message 'alice@example.com' 'A note to myself' 'Buy bread.' > "$store/mail/Drafts/cur/1.demo.here:2,DS"

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

say '== What there is'
show "$koc" folders -c "$config"
show "$koc" status -c "$config"

say '== The plug is pulled in the middle of a run: the next one finishes the work'
for n in 1 2 3 4 5; do
	message 'Build Robot <ci@example.com>' "Build $n finished" 'All tests passed.' > "$base/new"
	there append INBOX "$base/new" > /dev/null || exit 1
	message 'alice@example.com' "Draft $n" 'To be continued.' > "$store/mail/Drafts/cur/$n.demo.draft:2,DS"
done
echo '    $ koc sync -c config        (stopped by SIGKILL before its 8th durable step)'
KOC_TEST_KILL_AT=8 "$koc" sync -c "$config" > "$base/out" 2>&1
[ $? -eq 137 ] || { echo 'demo: it was not killed' >&2; exit 1; }
show "$koc" sync -c "$config"
same
