#!/bin/sh
# What is checked without running: rooms and arrows, homes of libraries, purity of core, banned functions,
# lengths, man pages.  One finding a line on standard output; status 1 if there is any.  Further checks
# are tests/lint-*.sh, which follow the same rule.
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
findings=$(mktemp) || exit 1
trap 'rm -f "$findings"' EXIT
files=$(find src -name '*.[ch]' | sort)

# Source without comments and strings, with its line numbers kept: "file:line:text".
code() {
	awk '
	FNR == 1 { inside = 0 }
	{
		line = $0
		out = ""
		while (line != "") {
			if (inside) {
				end = index(line, "*/")
				if (!end) break
				line = substr(line, end + 2)
				inside = 0
			} else if (match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|\047([^\047\\]|\\.)+\047/)) {
				token = substr(line, RSTART, 2)
				out = out substr(line, 1, RSTART - 1)
				if (token == "//") break
				if (token == "/*") inside = 1
				else out = out "\"\""
				line = substr(line, RSTART + (token == "/*" ? 2 : RLENGTH))
			} else {
				out = out line
				break
			}
		}
		if (out ~ /[^ \t]/) print FILENAME ":" FNR ":" out
	}' "$@"
}

# 1. Arrows: src/ROOMS says who may include whom.
arrows() {
	awk '
	FILENAME == "src/ROOMS" {
		if ($0 ~ /^[a-z]+:/) {
			room = $1
			sub(/:.*/, "", room)
			known[room] = 1
			allowed[room, room] = 1
			for (i = 2; i <= NF; i++) allowed[room, $i] = 1
		}
		next
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		count++
		split(FILENAME, path, "/")
		room = path[2]
		if (room ~ /\./) next # src/koc.c may include all
		split($0, quoted, "\"")
		if (split(quoted[2], there, "/") < 2) next # its own room, or made by the build
		if (!(room in known)) print FILENAME ":" FNR ": room " room " is not in src/ROOMS"
		else if (!((room, there[1]) in allowed))
			print FILENAME ":" FNR ": " room " may not include " quoted[2] " (src/ROOMS)"
	}
	END { if (count < 20) print "src: only " count + 0 " includes seen: is lint blind?" }
	' src/ROOMS $files
}

# 2. Each library has one home.
homes() {
	awk '
	BEGIN {
		home["sqlite3.h"] = "^src/state/"
		home["libetpan/"] = "^src/(store/imap/|format/mail)"
		home["curl/"] = "^src/net/http"
		home["libxml/"] = "^src/(net/xml|format/html)"
		home["libical/"] = "^src/format/ical"
		home["openssl/"] = "^src/(net/|base/digest)"
		home["zlib.h"] = "^src/net/"
		home["confuse.h"] = "^src/config/"
	}
	/^[ \t]*#[ \t]*include[ \t]*</ {
		split($0, part, /[<>]/)
		for (library in home)
			if (index(part[2], library) == 1 && FILENAME !~ home[library])
				print FILENAME ":" FNR ": " part[2] " is used outside its home " home[library]
	}' $files
}

# 3. core is pure: nothing but memory and comparisons, and what core itself defines.
purity() {
	objects=$(ls src/core/*.c | sed 's|^src/\(.*\)\.c$|build/\1.o|')
	# shellcheck disable=SC2086
	make -s $objects || { echo "src/core: does not build"; return; }
	allowed=' memcmp memcpy memmove memset strcmp strncmp strlen strchr qsort qsort_r bsearch free
	    __stack_chk_fail
	    arena_alloc arena_calloc arena_str arena_strn arena_dup arena_printf
	    memory_alloc memory_resize memory_array
	    buf_add buf_adds buf_addc buf_addf buf_clear buf_free buf_init
	    digest_equal digest_known digest_compare
	    str_casecmp str_ncasecmp str_equal str_has_prefix vec_grow_ map_get map_put map_free '
	for object in $objects; do
		nm -u "$object" | while read -r _ symbol; do
			case $allowed in
			*[[:space:]]"$symbol"[[:space:]]*) continue ;;
			esac
			# shellcheck disable=SC2086
			nm --defined-only $objects | grep -q " [TDRB] $symbol\$" ||
			    echo "${object#build/}: core is pure, but this calls $symbol"
		done
	done
}

# 4. Functions that nobody calls here.
banned() {
	# shellcheck disable=SC2086
	code $files | grep -E \
	    '(^|[^A-Za-z0-9_.>])(strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|strtok_r|atoi|atol|atoll|gets|alloca|system|popen|tmpnam|mktemp|tempnam|setjmp|longjmp)[[:space:]]*\(' |
	    awk -F: '{ text = $3; sub(/^[ \t]+/, "", text); print $1 ":" $2 ": banned function: " text }'
}

# 5. Lengths: 110 columns, 600 lines; and every file opens with what it is for.
lengths() {
	for file in $files; do
		expand -t 8 "$file" | awk -v file="$file" '
		{ gsub(/[\200-\277]/, "") } # one column a UTF-8 character
		length($0) > 110 { print file ":" NR ": " length($0) " columns, 110 at most" }
		NR == 1 && !/^\/\*/ { print file ":1: does not open with a comment that says what it is for" }
		/[ \t]+$/ { print file ":" NR ": space at the end of the line" }
		END { if (NR > 600) print file ": " NR " lines, 600 at most: split it by subject" }'
	done
}

# 6. Documents.
documents() {
	for page in man/*.[1-8]; do
		[ -e "$page" ] || continue
		mandoc -T lint -W warning "$page" | sed 's/^mandoc: //'
	done
	grep -nwE 'TODO|FIXME|XXX' $files | sed 's/$/ (left for later)/'
}

{
	arrows
	homes
	purity
	banned
	lengths
	documents
	for check in tests/lint-*.sh; do
		[ ! -e "$check" ] || sh "$check" || echo "$check: did not pass"
	done
} > "$findings" 2>&1
cat "$findings"
count=$(wc -l < "$findings")
[ "$count" -eq 0 ] || { echo "lint: $count findings"; exit 1; }
echo "lint: clean ($(echo "$files" | wc -l) files)"
