/* Lines: two passes over the bytes, one that unfolds them into a copy, one that splits the copy. */
#include "format/lines.h"

#include "base/memory.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* ---- slices ---- */

bool slice_is(struct slice slice, const char *text)
{
	if (slice.size && ((slice.at[0] ^ text[0]) & ~0x20)) /* so it is most of the time */
		return false;
	return slice.size == strlen(text) && str_ncasecmp(slice.at, text, slice.size) == 0;
}

bool slice_like(struct slice a, struct slice b)
{
	return a.size == b.size && (!a.size || str_ncasecmp(a.at, b.at, a.size) == 0);
}

bool slice_equal(struct slice a, struct slice b)
{
	return a.size == b.size && (!a.size || memcmp(a.at, b.at, a.size) == 0);
}

bool slice_starts(struct slice slice, const char *prefix)
{
	size_t size = strlen(prefix);

	return slice.size >= size && str_ncasecmp(slice.at, prefix, size) == 0;
}

bool slice_cut(struct slice *rest, char separator, struct slice *piece)
{
	size_t at = 0;

	if (!rest->at)
		return false;
	while (at < rest->size && rest->at[at] != separator)
		at += rest->at[at] == '\\' && at + 1 < rest->size ? 2 : 1;
	*piece = (struct slice){ rest->at, at };
	if (at < rest->size)
		*rest = (struct slice){ rest->at + at + 1, rest->size - at - 1 };
	else
		*rest = (struct slice){ 0 };
	return true;
}

/* ---- parameters ---- */

/* How much of the slice comes before the first `stop` outside quotes: all of it, if there is none. */
static size_t unquoted(struct slice slice, char stop)
{
	bool quoted = false;
	size_t at = 0;

	for (; at < slice.size; at++) {
		if (slice.at[at] == '"')
			quoted = !quoted;
		else if (slice.at[at] == stop && !quoted)
			break;
	}
	return at;
}

bool param_next(struct slice *rest, struct slice *name, struct slice *values)
{
	struct slice whole;
	const char *equals;

	if (!rest->size)
		return false;
	whole = (struct slice){ rest->at + 1, rest->size - 1 }; /* behind the ';' */
	whole.size = unquoted(whole, ';');
	rest->at += whole.size + 1;
	rest->size -= whole.size + 1;
	equals = whole.size ? memchr(whole.at, '=', whole.size) : NULL;
	if (equals == whole.at)
		equals = NULL;
	*name = (struct slice){ whole.at, equals ? (size_t)(equals - whole.at) : 0 };
	*values = whole;
	if (equals)
		*values = (struct slice){ equals + 1, whole.size - name->size - 1 };
	return true;
}

bool param_value(struct slice *rest, struct slice *value)
{
	if (!rest->at)
		return false;
	*value = (struct slice){ rest->at, unquoted(*rest, ',') };
	if (value->size < rest->size)
		*rest = (struct slice){ rest->at + value->size + 1, rest->size - value->size - 1 };
	else
		*rest = (struct slice){ 0 };
	if (value->size >= 2 && value->at[0] == '"' && value->at[value->size - 1] == '"') {
		value->at++;
		value->size -= 2;
	}
	return true;
}

bool param_is(struct slice values, const char *text)
{
	struct slice value;

	return param_value(&values, &value) && !values.at && slice_is(value, text);
}

bool param_find(const struct line *line, const char *name, struct slice *values)
{
	struct slice rest = line->params, found;

	while (param_next(&rest, &found, values))
		if (slice_is(found, name))
			return true;
	return false;
}

/* ---- unfolding ---- */

/* RFC 5545 3.1: a line end and the blank behind it are nothing.  Lines are separated by LF in the
 * copy. */
static void unfold(const char *data, size_t size, struct lines *lines, size_t *used)
{
	const char *end = data + size;
	char *to = lines->text;

	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3;
	while (data < end) {
		const char *lf = memchr(data, '\n', (size_t)(end - data));
		const char *stop = lf ? lf : end;
		const char *next = lf ? lf + 1 : end;

		if (lf && stop > data && stop[-1] == '\r')
			stop--;
		if (to > lines->text) {
			if (*data == ' ' || *data == '\t')
				data++;
			else
				*to++ = '\n';
		}
		if (stop > data) {
			memcpy(to, data, (size_t)(stop - data));
			to += stop - data;
		}
		data = next;
	}
	*used = (size_t)(to - lines->text);
}

/* ---- splitting ---- */

static bool is_name(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

/* Splits one unfolded line; false if it is none. */
static bool split(struct slice text, struct line *line)
{
	size_t dot = text.size, at = 0, params;

	*line = (struct line){ 0 };
	for (; at < text.size && (is_name(text.at[at]) || (text.at[at] == '.' && dot == text.size)); at++)
		if (text.at[at] == '.')
			dot = at;
	if (dot < at)
		line->group = (struct slice){ text.at, dot++ };
	else
		dot = 0;
	line->name = (struct slice){ text.at + dot, at - dot };
	if (!line->name.size || at == text.size || (text.at[at] != ';' && text.at[at] != ':'))
		return false;
	params = unquoted((struct slice){ text.at + at, text.size - at }, ':');
	line->params = (struct slice){ text.at + at, params };
	at += params;
	if (at == text.size)
		return false;
	line->value = (struct slice){ text.at + at + 1, text.size - at - 1 };
	return true;
}

static void trim(struct slice *value)
{
	while (value->size && (value->at[value->size - 1] == ' ' || value->at[value->size - 1] == '\t'))
		value->size--;
}

/* vCard 2.1: a quoted-printable value goes on in the next line after a "=", whatever that line
 * looks like. */
static bool goes_on(const struct line *line)
{
	struct slice rest = line->params, name, values;

	if (!line->value.size || line->value.at[line->value.size - 1] != '=')
		return false;
	while (param_next(&rest, &name, &values))
		if (param_is(values, "QUOTED-PRINTABLE"))
			return true;
	return false;
}

static struct line *line_add(struct lines *lines, size_t *room)
{
	if (lines->count == *room) {
		*room = *room ? *room * 2 : 32;
		lines->items = memory_resize(lines->items, *room, sizeof *lines->items);
	}
	return &lines->items[lines->count++];
}

bool lines_read(const char *data, size_t size, struct lines *lines)
{
	size_t used = 0, room = 0;
	struct line *last = NULL, line;
	const char *at, *end;

	*lines = (struct lines){ .text = memory_resize(NULL, size + 1, 1) };
	if (size && memchr(data, '\0', size))
		return false;
	unfold(data, size, lines, &used);
	end = lines->text + used;
	for (at = lines->text; at < end;) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		struct slice text = { at, (size_t)((lf ? lf : end) - at) };

		at = lf ? lf + 1 : end;
		if (!text.size)
			continue;
		if (last && (goes_on(last) || !split(text, &line))) {
			last->value.size = (size_t)(text.at + text.size - last->value.at);
			continue;
		}
		lines->many = lines->count == LINES_MOST;
		if (lines->many || (!last && !split(text, &line)))
			return false;
		if (last)
			trim(&last->value);
		last = line_add(lines, &room);
		*last = line;
	}
	if (last)
		trim(&last->value);
	return last != NULL;
}

void lines_free(struct lines *lines)
{
	free(lines->items);
	free(lines->text);
	*lines = (struct lines){ 0 };
}
