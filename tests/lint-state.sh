#!/bin/sh
# The state: src/state/schema.sql and koc-state(5) name the same tables, views and columns, and the same
# version; the queries of the man page run.  One finding a line; status 1 if there is any.
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
schema=src/state/schema.sql
page=man/koc-state.5
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# "Table NAME", "Table NAME COLUMN", "View …" alike.
awk '
/^CREATE (TABLE|VIEW) / { name = ($2 == "TABLE" ? "Table " : "View ") $3; print name; next }
/^\)/ { name = "" }
name != "" && /^\t[a-z]/ { sub(/,$/, "", $1); print name " " $1 }
' "$schema" | sort > "$work/schema"

awk '
/^\.S[sh] / { name = "" }
/^\.Ss (Table|View) / { name = $2 " " $3; print name }
name != "" && /^\.It Va / { for (i = 3; i <= NF; i++) if ($i != ",") print name " " $i }
' "$page" | sort > "$work/page"

# .Bd literal blocks: from SELECT to the semicolon.
awk '
/^SELECT / { inside = 1 }
inside { text = $0; sub(/"$/, "", text); print text }
/;"?$/ { inside = 0 }
' "$page" > "$work/queries"

{
	[ "$(wc -l < "$work/schema")" -ge 130 ] || echo "$schema: too few names seen: is this check blind?"
	[ "$(grep -c ';$' "$work/queries")" -ge 6 ] || echo "$page: too few queries seen: is this check blind?"
	uniq -d "$work/page" | sed "s|^|$page: documented twice: |"
	comm -23 "$work/schema" "$work/page" | sed "s|^|$page: lacks |"
	comm -13 "$work/schema" "$work/page" | sed "s|^|$page: not in $schema: |"
	version=$(sed -n 's/^PRAGMA user_version = \([0-9]*\);.*/\1/p' "$schema")
	grep -q "^Its schema has version $version\$" "$page" || echo "$page: the schema has version $version"
	grep -q "^#define SCHEMA_VERSION  *$version\$" src/state/sqlite.c ||
	    echo "src/state/sqlite.c: the schema has version $version"
	if command -v sqlite3 > /dev/null; then
		cat "$schema" "$work/queries" | sqlite3 -batch -bail :memory: 2>&1 | sed "s|^|$page: |"
	fi
} > "$work/findings"
cat "$work/findings"
[ ! -s "$work/findings" ]
