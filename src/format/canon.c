/* Canon: values.  What is written here must be different wherever the meaning is: where it is not
 * sure that two ways of writing mean the same, both stay as they are.  Escapes are therefore
 * written again, and not just taken out.  Parameters: canon_params.c. */
#include "format/canon.h"

#include "base/buf.h"
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

void canon_upper(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		buf_addc(out, upper(text.at[i]));
}

/* ---- texts ---- */

/* A text whose commas and semicolons separate nothing (`separators` is ""), or do when they have no
 * escape. */
static void text_add(struct buf *out, struct slice text, const char *separators)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i], next = i + 1 < text.size ? text.at[i + 1] : '\0';

		if (c != '\\' || (next != ',' && next != ';' && next != 'n' && next != 'N' && next != '\\')) {
			buf_addc(out, c);
			continue;
		}
		i++;
		if (next == 'n' || next == 'N')
			buf_adds(out, "\\n");
		else if (next == '\\')
			buf_adds(out, "\\\\");
		else if (strchr(separators, next))
			buf_add(out, (const char[]){ '\\', next }, 2);
		else
			buf_addc(out, next);
	}
}

void canon_unescape(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];

		if (c == '\\' && i + 1 < text.size && memchr(",;nN\\:", text.at[i + 1], 6)) {
			c = text.at[++i];
			if (c == 'n' || c == 'N')
				c = '\n';
		}
		buf_addc(out, c);
	}
}

/* Lists with semicolons between.  Empty pieces at the end mean nothing where the property is short. */
static void pieces_add(struct buf *out, const struct property *property, struct slice value)
{
	if (!(property->marks & PROPERTY_SHORT)) {
		text_add(out, value, ",;");
		return;
	}
	while (value.size && value.at[value.size - 1] == ';') {
		size_t slashes = 0;

		while (slashes + 1 < value.size && value.at[value.size - 2 - slashes] == '\\')
			slashes++;
		if (slashes % 2)
			break;
		value.size--;
	}
	text_add(out, value, ",;");
}

/* ---- numbers, durations ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* An integer without "+" and leading zeros; anything else as it is, in capitals ("+1MO" is "1MO"). */
static void number_add(struct buf *out, struct slice text)
{
	bool minus = text.size && *text.at == '-';
	size_t at = text.size && (*text.at == '-' || *text.at == '+');
	size_t first = at;

	while (at < text.size && text.at[at] == '0' && at + 1 < text.size && is_digit(text.at[at + 1]))
		at++;
	if (first < text.size && is_digit(text.at[first])) {
		if (minus && !(text.size == at + 1 && text.at[at] == '0'))
			buf_addc(out, '-');
		text = (struct slice){ text.at + at, text.size - at };
	}
	canon_upper(out, text);
}

/* "15M": false if it is none, or too large.  Adds to *seconds. */
static bool duration_part(const char **at, const char *end, char *unit, uint64_t *seconds)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 'W', 604800 }, { 'D', 86400 }, { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
	uint64_t number = 0;
	const char *first = *at;

	while (*at < end && is_digit(**at) && *at - first < 10)
		number = number * 10 + (uint64_t)(*(*at)++ - '0');
	if (*at == first || *at == end)
		return false;
	*unit = upper(*(*at)++);
	for (size_t i = 0; i < sizeof units / sizeof *units && *seconds < UINT64_MAX / 2; i++)
		if (units[i].unit == *unit) {
			*seconds += number * units[i].seconds;
			return true;
		}
	return false;
}

bool canon_seconds(struct slice text, uint64_t *seconds, bool *minus)
{
	const char *at = text.at, *end;
	bool time = false;
	char unit = '\0';

	*seconds = 0;
	if (!text.size)
		return false;
	end = at + text.size;
	*minus = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	if (at == end || upper(*at++) != 'P' || at == end)
		return false;
	while (at < end) {
		if (upper(*at) == 'T' && !time) {
			time = true;
			at++;
		}
		if (!duration_part(&at, end, &unit, seconds) || time == (unit == 'W' || unit == 'D'))
			return false;
	}
	return true;
}

/* False if it is no duration.  Strictly, a day is not 24 hours when clocks change (RFC 5545 3.3.6); but
 * servers change one into the other, and nobody who means that writes it so.
 * QUIRK(radicale): PT1440M comes back as P1D. */
static bool duration_add(struct buf *out, struct slice text)
{
	uint64_t seconds;
	bool minus;

	if (!canon_seconds(text, &seconds, &minus))
		return false;
	buf_adds(out, minus && seconds ? "-P" : "P");
	if (seconds >= 86400)
		buf_addf(out, "%lluD", (unsigned long long)(seconds / 86400));
	if (seconds % 86400 || !seconds)
		buf_addf(out, "T%lluS", (unsigned long long)(seconds % 86400));
	return true;
}

/* ---- rules ---- */

struct pieces {
	VEC(struct slice)
};

static int slice_order(const void *a, const void *b)
{
	const struct slice *first = a, *second = b;
	size_t size = first->size < second->size ? first->size : second->size;
	int order = size ? memcmp(first->at, second->at, size) : 0;

	return order ? order : (first->size > second->size) - (first->size < second->size);
}

void canon_sort(struct buf *out, size_t start, char separator)
{
	struct pieces pieces = { 0 };
	struct slice rest, piece;
	struct buf copy;

	buf_init(&copy, SIZE_MAX);
	buf_add(&copy, out->data + start, out->size - start);
	rest = (struct slice){ copy.data, copy.size };
	while (slice_cut(&rest, separator, &piece))
		*vec_push(&pieces) = piece;
	qsort(pieces.items, pieces.count, sizeof *pieces.items, slice_order);
	out->size = start;
	for (size_t i = 0; i < pieces.count; i++) {
		if (i && slice_equal(pieces.items[i], pieces.items[i - 1]))
			continue;
		if (out->size > start)
			buf_addc(out, separator);
		buf_add(out, pieces.items[i].at, pieces.items[i].size);
	}
	vec_free(&pieces);
	buf_free(&copy);
}

/* One part of a rule, "BYDAY=MO,+1TU"; nothing if that is how it is without it. */
static void rule_part_add(struct buf *out, struct slice part)
{
	size_t start = out->size, list;
	const char *equals = part.size ? memchr(part.at, '=', part.size) : NULL;
	struct slice rest, value;

	if (!part.size || slice_is(part, "INTERVAL=1") || slice_is(part, "WKST=MO"))
		return;
	if (!equals) {
		canon_upper(out, part);
		return;
	}
	canon_upper(out, (struct slice){ part.at, (size_t)(equals - part.at) + 1 });
	list = out->size;
	rest = (struct slice){ equals + 1, part.size - (size_t)(equals + 1 - part.at) };
	while (slice_cut(&rest, ',', &value)) {
		if (out->size > list)
			buf_addc(out, ',');
		number_add(out, value);
	}
	if (out->size - start > 2 && memcmp(out->data + start, "BY", 2) == 0)
		canon_sort(out, list, ',');
}

static void rule_add(struct buf *out, struct slice rule)
{
	size_t start = out->size;
	struct slice part;

	while (slice_cut(&rule, ';', &part)) {
		size_t before = out->size;

		if (before > start)
			buf_addc(out, ';');
		rule_part_add(out, part);
		if (out->size == before + (before > start)) /* it said nothing */
			out->size = before;
	}
	canon_sort(out, start, ';');
}

/* ---- the rest ---- */

static void address_add(struct buf *out, struct slice address)
{
	const char *colon = address.size ? memchr(address.at, ':', address.size) : NULL;
	size_t scheme = colon ? (size_t)(colon - address.at) : 0;

	canon_upper(out, (struct slice){ address.at, scheme });
	buf_add(out, address.at + scheme, address.size - scheme);
}

static void binary_add(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.size; i++)
		if (!memchr(" \t\r\n", value.at[i], 4))
			buf_addc(out, value.at[i]);
}

void canon_value(struct buf *out, enum shape shape, const struct property *property, struct slice value)
{
	switch (shape) {
	case SHAPE_TEXT:
		text_add(out, value, "");
		break;
	case SHAPE_TEXTS:
		text_add(out, value, ",");
		break;
	case SHAPE_PARTS:
		pieces_add(out, property, value);
		break;
	case SHAPE_WORD:
	case SHAPE_TIME:
	case SHAPE_TIMES:
		canon_upper(out, value);
		break;
	case SHAPE_NUMBER:
		number_add(out, value);
		break;
	case SHAPE_DURATION:
		if (!duration_add(out, value))
			canon_upper(out, value);
		break;
	case SHAPE_RULE:
		rule_add(out, value);
		break;
	case SHAPE_ADDRESS:
		address_add(out, value);
		break;
	case SHAPE_BINARY:
		binary_add(out, value);
		break;
	case SHAPE_PLAIN:
		buf_add(out, value.at, value.size);
		break;
	}
}
