#!/bin/sh
# Quirks: every QUIRK(name) in src has an entry in koc-interop(7) that names it and the file, and every such entry
# is true.  One finding a line; status 1 if there is any.
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
page=man/koc-interop.7
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# "name file" alike.
grep -ro 'QUIRK([a-z0-9.-]*)' src | sed 's|^src/\(.*\):QUIRK(\(.*\))$|\2 \1|' | sort -u > "$work/source"
sed -n 's/^\.It Sy \([^ ]*\) Pq Pa \([^ ]*\)$/\1 \2/p' "$page" | sort > "$work/page"

{
	[ "$(wc -l < "$work/source")" -ge 8 ] || echo "src: too few quirks seen: is this check blind?"
	grep -rn 'QUIRK' src | grep -v 'QUIRK([a-z0-9.-]*)' | sed 's/:[^:]*$/: a QUIRK without a name/'
	uniq -d "$work/page" | sed "s|^|$page: documented twice: |"
	comm -23 "$work/source" "$work/page" | sed "s|^|$page: lacks |"
	comm -13 "$work/source" "$work/page" | sed "s|^|$page: not in src: |"
	[ "$(sed -n '/^\.Sh QUIRKS/,/^\.El/p' "$page" | grep -c '^\.It')" -eq "$(wc -l < "$work/page")" ] ||
	    echo "$page: an entry of QUIRKS that is not \".It Sy name Pq Pa file\""
} > "$work/findings"
cat "$work/findings"
[ ! -s "$work/findings" ]
