/* Diff: of two or three versions of a message. */
#include "format/diff_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "format/date.h"
#include "format/mail.h"
#include "format/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_MOST   ((size_t)16 * 1024)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const names[] = {
	"Subject", "From",   "To",          "Cc",         "Bcc",        "Reply-To",
	"Date",    "Sender", "In-Reply-To", "References", "Message-ID", "Content-Type",
};

struct message {
	struct slice header, body;
};

/* The header ends before the first empty line. */
static struct message message_split(const struct diff_input *input)
{
	struct message message = { { input->data, input->size }, { 0 } };
	const char *at = input->data, *end = at + input->size;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((lf ? lf : end) - at);

		if (lf && (size == 0 || (size == 1 && *at == '\r'))) {
			message.header.size = (size_t)(at - input->data);
			message.body = (struct slice){ lf + 1, (size_t)(end - lf - 1) };
			break;
		}
		at = lf ? lf + 1 : end;
	}
	if (message.header.size > MAIL_HEADER_MOST)
		message.header.size = MAIL_HEADER_MOST;
	return message;
}

/* All fields of this name, unfolded, with commas between; false: it has none. */
static bool field_read(struct slice header, const char *name, struct buf *text)
{
	const char *at = header.at, *end = at + header.size;
	size_t size = strlen(name);
	bool inside = false, any = false;

	buf_clear(text);
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf ? lf : end;
		const char *next = lf ? lf + 1 : end;

		if (stop > at && stop[-1] == '\r')
			stop--;
		if (at == stop || (*at != ' ' && *at != '\t')) {
			inside = (size_t)(stop - at) > size && at[size] == ':' &&
				 str_ncasecmp(at, name, size) == 0;
			at += inside ? size + 1 : 0;
			if (inside && any)
				buf_adds(text, ", ");
			any |= inside;
		}
		for (; inside && at < stop; at++) {
			char c = *at == '\t' || !*at ? ' ' : *at;

			if (c != ' ' || (text->size && text->data[text->size - 1] != ' '))
				buf_addc(text, c);
		}
		at = next;
	}
	while (text->size && text->data[text->size - 1] == ' ')
		text->data[--text->size] = '\0';
	return any;
}

static const char *field_words(const char *name, const char *text, struct arena *arena)
{
	int64_t when = strcmp(name, "Date") == 0 ? date_parse(text) : 0;
	char *decoded;
	const char *copy;
	char time[20];

	if (when) {
		clock_text(when, time);
		return arena_str(arena, time);
	}
	decoded = words_decode(text, FIELD_MOST);
	copy = arena_str(arena, decoded);
	free(decoded);
	return copy;
}

static bool differ(const char *const texts[DIFF_VERSIONS], enum diff_version one, enum diff_version other)
{
	if (!texts[one] || !texts[other])
		return texts[one] != texts[other];
	return strcmp(texts[one], texts[other]) != 0;
}

/* ---- the body ---- */

/* Cuts off the next line, without its end. */
static bool line_next(struct slice *rest, struct slice *line)
{
	const char *lf;

	if (!rest->size)
		return false;
	lf = memchr(rest->at, '\n', rest->size);
	*line = (struct slice){ rest->at, lf ? (size_t)(lf - rest->at) : rest->size };
	rest->size -= line->size + (lf != NULL);
	rest->at += line->size + (lf != NULL);
	if (lf && line->size && line->at[line->size - 1] == '\r')
		line->size--;
	return true;
}

/* The first line in which they differ, counted from 1; 0: in none. */
static size_t first_difference(struct slice a, struct slice b)
{
	struct slice line_a, line_b;

	for (size_t number = 1;; number++) {
		bool more_a = line_next(&a, &line_a), more_b = line_next(&b, &line_b);

		if (!more_a && !more_b)
			return 0;
		if (more_a != more_b || !slice_equal(line_a, line_b))
			return number;
	}
}

/* "12 lines; line 3: Dear Jane," */
static const char *body_words(struct slice body, size_t number, struct arena *arena)
{
	struct slice rest = body, line, at = { "", 0 };
	size_t lines = 0;

	while (line_next(&rest, &line))
		if (++lines == number)
			at = line;
	if (lines < number)
		return arena_printf(arena, "%zu lines", lines);
	return arena_printf(arena, "%zu %s; line %zu: %.*s", lines, lines == 1 ? "line" : "lines", number,
			    (int)(at.size < 400 ? at.size : 400), at.at);
}

static void body_tell(const struct message messages[DIFF_VERSIONS], const struct diff_input inputs[],
		      enum diff_version one, enum diff_version other, struct arena *arena, struct diff *diff)
{
	size_t number = first_difference(messages[one].body, messages[other].body);
	const char *full[DIFF_VERSIONS] = { NULL };
	struct diff_field *field = number ? diff_add(diff, arena, "Body") : NULL;

	for (int v = 0; field && v < DIFF_VERSIONS; v++)
		if (inputs[v].data)
			full[v] = body_words(messages[v].body, number, arena);
	if (field)
		diff_texts(field, full, arena);
}

void diff_messages(const struct diff_input inputs[DIFF_VERSIONS], struct arena *arena, struct diff *diff)
{
	struct message messages[DIFF_VERSIONS];
	bool there[DIFF_VERSIONS];
	enum diff_version one, other;
	struct buf text;

	*diff = (struct diff){ 0 };
	for (int v = 0; v < DIFF_VERSIONS; v++) {
		there[v] = inputs[v].data != NULL;
		if (there[v])
			messages[v] = message_split(&inputs[v]);
	}
	if (!diff_sides(there, &one, &other))
		return;
	buf_init(&text, FIELD_MOST);
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *full[DIFF_VERSIONS] = { NULL };
		struct diff_field *field;

		for (int v = 0; v < DIFF_VERSIONS; v++)
			if (there[v] && field_read(messages[v].header, names[i], &text))
				full[v] = field_words(names[i], text.data, arena);
		field = differ(full, one, other) ? diff_add(diff, arena, names[i]) : NULL;
		if (field)
			diff_texts(field, full, arena);
	}
	buf_free(&text);
	body_tell(messages, inputs, one, other, arena, diff);
}
