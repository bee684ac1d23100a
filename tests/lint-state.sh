#!/bin/sh
# The state: src/state/{schema,views}.sql and koc-state(5) name the same tables, views and columns, and the same
# version; each upgrade leads to the next; the queries of the man page run.  One finding a line; status 1 if
# there is any.
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
schema=src/state/schema.sql
views=src/state/views.sql
page=man/koc-state.5
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# "Table NAME", "Table NAME COLUMN", "View …" alike.
awk '
/^CREATE (TABLE|VIEW) / { name = ($2 == "TABLE" ? "Table " : "View ") $3; print name; next }
/^\)/ { name = "" }
name != "" && /^\t[a-z]/ { sub(/,$/, "", $1); print name " " $1 }
' "$schema" "$views" | sort > "$work/schema"

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
	[ "$(wc -l < "$work/schema")" -ge 210 ] || echo "$schema: too few names seen: is this check blind?"
	[ "$(grep -c ';$' "$work/queries")" -ge 6 ] || echo "$page: too few queries seen: is this check blind?"
	uniq -d "$work/page" | sed "s|^|$page: documented twice: |"
	comm -23 "$work/schema" "$work/page" | sed "s|^|$page: lacks |"
	comm -13 "$work/schema" "$work/page" | sed "s|^|$page: not in $schema: |"
	version=$(sed -n 's/^PRAGMA user_version = \([0-9]*\);.*/\1/p' "$schema")
	grep -q "^Its schema has version $version\$" "$page" || echo "$page: the schema has version $version"
	grep -q "^#define SCHEMA_VERSION  *$version\$" src/state/sqlite_schema.c ||
	    echo "src/state/sqlite_schema.c: the schema has version $version"
	from=1
	while [ "$from" -lt "$version" ]; do
		grep -q "^PRAGMA user_version = $((from + 1));\$" "src/state/upgrade_$from.sql" ||
		    echo "src/state/upgrade_$from.sql: does not lead to version $((from + 1))"
		grep -q "\[$from\] = upgrade_$from\b" src/state/sqlite_schema.c ||
		    echo "src/state/sqlite_schema.c: upgrade_$from is not used"
		from=$((from + 1))
	done
	if command -v sqlite3 > /dev/null; then
		cat "$schema" "$views" "$work/queries" | sqlite3 -batch -bail :memory: 2>&1 | sed "s|^|$page: |"
	fi
} > "$work/findings"
cat "$work/findings"
[ ! -s "$work/findings" ]
