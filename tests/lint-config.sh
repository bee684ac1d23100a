#!/bin/sh
# The keys of a configuration: what src/config/keys.c knows, koc.conf(5) documents and config.example
# shows are the same.  One finding a line; status 1 if there is any.
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# { "key", IN_ACCOUNT, …
sed -n 's/^	{ "\([a-z0-9-]*\)", IN_[A-Z]*,.*/\1/p' src/config/keys.c | sort > "$work/code"
# .It Ic key = …
sed -n 's/^\.It Ic \([a-z0-9-]*\) = .*/\1/p' man/koc.conf.5 | sort > "$work/man"
# key = …, at the beginning of a line or in braces, switched on or off; not in prose ("# …").
grep -v '^[[:space:]]*# ' config.example |
    grep -oE '(^|[[:space:]#{])[a-z0-9-]+[[:space:]]*= ' |
    sed 's/^[[:space:]#{]*//; s/[[:space:]]*= $//' | sort -u > "$work/example"

count=$(wc -l < "$work/code")
[ "$count" -ge 24 ] || echo "src/config/keys.c: only $count keys seen: is this check blind?"
uniq -d "$work/code" | sed 's|^|src/config/keys.c: twice in the table: |'
uniq -d "$work/man" | sed 's|^|man/koc.conf.5: documented twice: |'
for document in man example; do
	case $document in
	man) file=man/koc.conf.5 ;;
	example) file=config.example ;;
	esac
	comm -23 "$work/code" "$work/$document" | sed "s|^|$file: lacks the key |"
	comm -13 "$work/code" "$work/$document" | sed "s|^|$file: has no key of src/config/keys.c: |"
done > "$work/findings"
cat "$work/findings"
[ "$count" -ge 24 ] && [ ! -s "$work/findings" ]
