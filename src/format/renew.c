/* Renew: goes over the lines as they lie in the file; those to be changed are unfolded only to be looked at.
 */
#include "format/renew.h"

#include "base/buf.h"
#include "format/lines.h"

#include <stdint.h>
#include <string.h>

#define LINE_BYTES 75 /* RFC 5545 3.1 */

struct renewal {
	bool card;
	const char *uid;
	struct buf *out;
	size_t depth;        /* of components that are open */
	struct buf old;      /* the UID that the item has */
	struct buf unfolded; /* the line being looked at */
	bool known, changed;
};

/* A line as it lies there: with its folds and its end. */
static struct slice raw_next(const char **at, const char *end)
{
	const char *begin = *at;

	do {
		const char *lf = memchr(*at, '\n', (size_t)(end - *at));

		*at = lf ? lf + 1 : end;
	} while (*at < end && (**at == ' ' || **at == '\t'));
	return (struct slice){ begin, (size_t)(*at - begin) };
}

static void unfold(struct slice raw, struct buf *text)
{
	buf_clear(text);
	for (size_t i = 0; i < raw.size; i++) {
		if (raw.at[i] == '\r' && i + 1 < raw.size && raw.at[i + 1] == '\n')
			continue;
		if (raw.at[i] == '\n')
			i++; /* and the blank behind it */
		else
			buf_addc(text, raw.at[i]);
	}
}

/* How much stands before the value; 0: it is no such line. */
static size_t value_at(struct slice raw)
{
	bool quoted = false;

	for (size_t i = 0; i < raw.size; i++) {
		if (raw.at[i] == '"')
			quoted = !quoted;
		else if (raw.at[i] == ':' && !quoted)
			return i + 1;
	}
	return 0;
}

static struct slice trimmed(struct slice value)
{
	while (value.size && memchr(" \t\r\n", value.at[value.size - 1], 4))
		value.size--;
	return value;
}

/* The name of the unfolded line, without a group, and its value. */
static bool line_split(const struct buf *text, struct slice *name, struct slice *value)
{
	size_t at = value_at((struct slice){ text->data, text->size });
	size_t size = strcspn(text->data, ";:");
	const char *dot = size ? memchr(text->data, '.', size) : NULL;

	if (!at)
		return false;
	*name = (struct slice){ text->data, size };
	if (dot)
		*name = (struct slice){ dot + 1, (size_t)(text->data + size - dot - 1) };
	*value = trimmed((struct slice){ text->data + at, text->size - at });
	return true;
}

/* The line with another value, folded before it if it were too long. */
static void line_write(struct renewal *renewal, struct slice raw)
{
	size_t at = value_at(raw), begin = at;
	bool crlf = raw.size >= 2 && raw.at[raw.size - 2] == '\r' && raw.at[raw.size - 1] == '\n';
	const char *end = crlf ? "\r\n" : "\n";

	while (begin && raw.at[begin - 1] != '\n')
		begin--;
	buf_add(renewal->out, raw.at, at);
	if (at - begin + strlen(renewal->uid) > LINE_BYTES) {
		buf_adds(renewal->out, end);
		buf_addc(renewal->out, ' ');
	}
	buf_adds(renewal->out, renewal->uid);
	if (raw.size && raw.at[raw.size - 1] == '\n')
		buf_adds(renewal->out, end);
	renewal->changed = true;
}

static bool is_named(const struct renewal *renewal, struct slice name)
{
	static const char *const calendar[] = { "UID", "RELATED-TO", NULL };
	static const char *const card[] = { "UID", "RELATED", "MEMBER", "X-ADDRESSBOOKSERVER-MEMBER", NULL };

	for (const char *const *known = renewal->card ? card : calendar; *known; known++)
		if (slice_is(name, *known))
			return true;
	return false;
}

/* Deeper ones are of alarms, which have UIDs of their own (RFC 9074). */
static bool is_of_item(const struct renewal *renewal)
{
	return renewal->depth == (renewal->card ? 1 : 2);
}

static void line_take(struct renewal *renewal, struct slice raw, bool learn)
{
	struct slice name, value, old = { renewal->old.data, renewal->old.size };
	bool ours;

	unfold(raw, &renewal->unfolded);
	if (!line_split(&renewal->unfolded, &name, &value))
		name = value = (struct slice){ 0 };
	if (slice_is(name, "BEGIN"))
		renewal->depth++;
	else if (slice_is(name, "END") && renewal->depth)
		renewal->depth--;
	ours = is_of_item(renewal) && name.size && is_named(renewal, name) && value.size;
	if (learn) {
		if (ours && !renewal->known && slice_is(name, "UID")) {
			buf_add(&renewal->old, value.at, value.size);
			renewal->known = true;
		}
		return;
	}
	if (ours && slice_equal(value, old))
		line_write(renewal, raw);
	else
		buf_add(renewal->out, raw.at, raw.size);
}

static void pass(struct renewal *renewal, const char *data, size_t size, bool learn)
{
	const char *end = data + size;

	renewal->depth = 0;
	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		if (!learn)
			buf_add(renewal->out, data, 3);
		data += 3;
	}
	while (data < end)
		line_take(renewal, raw_next(&data, end), learn);
}

bool renew_uid(const char *data, size_t size, bool card, const char *uid, struct buf *out)
{
	struct renewal renewal = { .card = card, .uid = uid, .out = out };

	buf_init(&renewal.old, SIZE_MAX);
	buf_init(&renewal.unfolded, SIZE_MAX);
	pass(&renewal, data, size, true);
	if (renewal.known)
		pass(&renewal, data, size, false);
	buf_free(&renewal.old);
	buf_free(&renewal.unfolded);
	return renewal.changed;
}
