/* Scan: takes words, numbers, strings and lists off a response's text. */
#include "store/imap/scan.h"

#include "base/arena.h"
#include "base/str.h"

#include <string.h>

#define OBJECT_MOST 255

bool span_is(struct span span, const char *word)
{
	return strlen(word) == span.size && str_ncasecmp(span.text, word, span.size) == 0;
}

const char *span_object(struct span span, struct arena *arena)
{
	size_t size = span.size >= 2 ? span.size - 2 : 0;

	if (size == 0 || size > OBJECT_MOST || span.text[0] != '(' || span.text[size + 1] != ')')
		return NULL;
	for (size_t i = 1; i <= size; i++) {
		char c = span.text[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '_' && c != '-')
			return NULL;
	}
	return arena_strn(arena, span.text + 1, size);
}

bool scan_char(struct scan *scan, char c)
{
	if (*scan->at != c)
		return false;
	scan->at++;
	return true;
}

bool scan_number(struct scan *scan, uint64_t *number)
{
	uint64_t value = 0;
	const char *p = scan->at;

	while (*p >= '0' && *p <= '9') {
		uint64_t digit = (uint64_t)(*p++ - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (p == scan->at)
		return false;
	scan->at = p;
	*number = value;
	return true;
}

bool scan_word(struct scan *scan, struct span *word)
{
	size_t size = strcspn(scan->at, " ()[]\"");

	if (size == 0)
		return false;
	word->text = scan->at;
	word->size = size;
	scan->at += size;
	return true;
}

bool scan_this(struct scan *scan, const char *word)
{
	struct scan ahead = *scan;
	struct span found;

	if (!scan_word(&ahead, &found) || !span_is(found, word))
		return false;
	*scan = ahead;
	return true;
}

/* Behind a quoted string's closing quote; NULL if there is none. */
static const char *quoted_end(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : NULL;
}

bool scan_string(struct scan *scan, struct arena *arena, char **string)
{
	const char *p = scan->at, *end;
	char *to;

	if (*p != '"') {
		/* Brackets belong to an atom here: mailboxes are called [Gmail]. */
		size_t size = strcspn(p, " ()\"");

		if (size == 0)
			return false;
		*string = size == 3 && str_ncasecmp(p, "NIL", 3) == 0 ? NULL
								      : arena_strn(arena, p, size);
		scan->at += size;
		return true;
	}
	end = quoted_end(p);
	if (!end)
		return false;
	*string = to = arena_alloc(arena, (size_t)(end - p));
	for (p++; p < end - 1; p++) {
		if (*p == '\\')
			p++;
		*to++ = *p;
	}
	scan->at = end;
	return true;
}

bool scan_value(struct scan *scan, struct span *value)
{
	const char *p = scan->at;
	size_t depth = 0;

	do {
		if (*p == '"') {
			p = quoted_end(p);
			if (!p)
				return false;
		} else if (*p == '(') {
			if (++depth > SCAN_DEPTH_MOST)
				return false;
			p++;
		} else if (*p == ')') {
			if (depth == 0)
				break;
			depth--;
			p++;
		} else if (*p == ' ') {
			if (depth == 0)
				break;
			p++;
		} else if (*p) {
			p += strcspn(p, " ()\"");
		}
	} while (*p && (depth || (*p != ' ' && *p != ')')));
	if (depth || p == scan->at)
		return false;
	value->text = scan->at;
	value->size = (size_t)(p - scan->at);
	scan->at = p;
	return true;
}
