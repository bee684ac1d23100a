/* Mail: the header of a message, its print and its fields. */
#include "format/mail.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/date.h"
#include "format/notice.h"
#include "format/words.h"

#include <stdlib.h>
#include <string.h>

/* Header fields that other programs add to a message they store or copy, or change as they like:
 * QUIRK(mbsync): "X-TUID:", to find again what it stored;
 * QUIRK(mutt): "Content-Length:" and "Lines:" in what it saves to another folder, "Status:" and
 * "X-Status:". */
static const char *const noise[] = { "X-TUID:", "Content-Length:", "Lines:", "Status:", "X-Status:" };

#define NOISE_MOST ((size_t)256) /* longer lines are not theirs */

struct mail_scan {
	struct buf header;  /* with LF line ends, without the noise */
	size_t line;        /* where its last line begins */
	bool cr;            /* a CR is held back: it may belong to a line end */
	bool done;
	uint64_t left_out;  /* bytes of noise, on the wire */
	uint64_t raw, crlf; /* bytes taken, and how many of their line ends were CRLF */
};

struct mail_scan *mail_scan_begin(void)
{
	struct mail_scan *scan = memory_alloc(sizeof *scan);

	/* A line to be left out may begin just before the limit. */
	buf_init(&scan->header, MAIL_HEADER_MOST + NOISE_MOST + 1);
	return scan;
}

static bool is_noise(const char *line, size_t size)
{
	for (size_t i = 0; size <= NOISE_MOST && i < sizeof noise / sizeof *noise; i++) {
		size_t name = strlen(noise[i]);

		if (size >= name && str_ncasecmp(line, noise[i], name) == 0)
			return true;
	}
	return false;
}

/* Adds a piece of a line; what is beyond the limit is cut off. */
static void header_add(struct mail_scan *scan, const char *data, size_t size)
{
	size_t room = scan->header.limit - scan->header.size;

	if (size >= room) {
		size = room;
		scan->done = true;
	}
	buf_add(&scan->header, data, size);
}

/* The line that was added last has ended. */
static void line_end(struct mail_scan *scan)
{
	size_t size = scan->header.size - scan->line;

	if (!size) {
		scan->done = true;
	} else if (is_noise(scan->header.data + scan->line, size)) {
		scan->header.size = scan->line;
		scan->left_out += size + 2;
	} else {
		header_add(scan, "\n", 1);
		scan->line = scan->header.size;
		if (scan->line >= MAIL_HEADER_MOST)
			scan->done = true;
	}
}

bool mail_scan_add(struct mail_scan *scan, const void *data, size_t size)
{
	const char *next = data;
	const char *end = next + size;

	while (!scan->done && next < end) {
		const char *lf = memchr(next, '\n', (size_t)(end - next));
		const char *stop = lf ? lf : end;
		bool cr = stop > next && stop[-1] == '\r';

		if (scan->cr && stop > next)
			header_add(scan, "\r", 1);
		if (stop > next)
			scan->cr = cr;
		if (!scan->done)
			header_add(scan, next, (size_t)(stop - next) - cr);
		scan->raw += (uint64_t)(stop - next);
		if (lf) {
			scan->raw++;
			scan->crlf += scan->cr;
			scan->cr = false;
			if (!scan->done)
				line_end(scan);
		}
		next = lf ? lf + 1 : end;
	}
	return !scan->done;
}

/* The header as it is digested, whatever stood behind its last line. */
static void header_finish(struct mail_scan *scan)
{
	struct buf *header = &scan->header;

	if (!scan->done) {
		if (scan->cr)
			header_add(scan, "\r", 1);
		if (header->size > scan->line)
			line_end(scan);
	}
	if (header->size > MAIL_HEADER_MOST)
		header->size = MAIL_HEADER_MOST;
}

/* ---- fields ------------------------------------------------------------------------------- */

/* The field's text if the line is of that field: what stands behind the colon. */
static const char *field_named(const char *line, const char *end, const char *name)
{
	size_t size = strlen(name);

	if ((size_t)(end - line) <= size || str_ncasecmp(line, name, size) != 0)
		return NULL;
	line += size;
	while (line < end && (*line == ' ' || *line == '\t')) /* RFC 5322 4.5.8 */
		line++;
	return line < end && *line == ':' ? line + 1 : NULL;
}

/* Where the field that begins at `line` ends: behind the LF of its last line. */
static const char *field_end(const char *line, const char *end)
{
	do {
		const char *lf = memchr(line, '\n', (size_t)(end - line));

		line = lf ? lf + 1 : end;
	} while (line < end && (*line == ' ' || *line == '\t'));
	return line;
}

/* What a field may say that is of use: RFC 2047 makes 998 bytes out of fewer than this. */
#define FIELD_LOOK ((size_t)16 * 1024)

/* A copy of the field's text, unfolded and trimmed; what only hostile mail has is cut off. */
static char *field_unfold(const char *text, const char *end)
{
	char *copy;
	size_t used = 0;

	if ((size_t)(end - text) > FIELD_LOOK)
		end = text + FIELD_LOOK;
	copy = memory_alloc((size_t)(end - text) + 1);
	for (; text < end; text++)
		if (*text != '\n' && *text != '\r')
			copy[used++] = *text == '\t' || *text == '\0' ? ' ' : *text;
	while (used && copy[used - 1] == ' ')
		used--;
	copy[used] = '\0';
	used = strspn(copy, " ");
	memmove(copy, copy + used, strlen(copy + used) + 1);
	return copy;
}

static char *text_field(const char *text, const char *end)
{
	char *unfolded = field_unfold(text, end);
	char *decoded = words_decode(unfolded, MAIL_FIELD_MOST);

	free(unfolded);
	if (!*decoded) {
		free(decoded);
		return NULL;
	}
	return decoded;
}

/* The identifier with its brackets; without them the first word. */
static char *message_id_field(const char *text, const char *end)
{
	char *unfolded = field_unfold(text, end);
	char *start = strchr(unfolded, '<');
	char *stop = start ? strchr(start, '>') : NULL;
	char *id = NULL;

	if (stop) {
		stop++;
	} else {
		start = unfolded;
		stop = start + strcspn(start, " ");
	}
	if (stop > start && (size_t)(stop - start) <= MAIL_FIELD_MOST) {
		*stop = '\0';
		id = words_clean(start, MAIL_FIELD_MOST);
	}
	free(unfolded);
	return id;
}

static int64_t date_field(const char *text, const char *end)
{
	char *unfolded = field_unfold(text, end);
	int64_t when = date_parse(unfolded);

	free(unfolded);
	return when;
}

/* The first field of each name counts. */
static void fields_read(const struct buf *header, struct mail_fields *fields)
{
	const char *line = header->data;
	const char *end = line + header->size;
	const char *next, *text;
	bool id = false, subject = false, from = false, date = false;

	*fields = (struct mail_fields){ 0 };
	for (; line < end; line = next) {
		next = field_end(line, end);
		if (!id && (text = field_named(line, next, "Message-ID"))) {
			fields->message_id = message_id_field(text, next);
			id = fields->message_id != NULL;
		} else if (!subject && (text = field_named(line, next, "Subject"))) {
			fields->subject = text_field(text, next);
			subject = true;
		} else if (!from && (text = field_named(line, next, "From"))) {
			fields->from = text_field(text, next);
			from = true;
		} else if (!date && (text = field_named(line, next, "Date"))) {
			fields->sent = date_field(text, next);
			date = true;
		} else if (field_named(line, next, NOTICE_HEADER)) {
			fields->notice = true;
		}
	}
}

void mail_fields_free(struct mail_fields *fields)
{
	free(fields->message_id);
	free(fields->subject);
	free(fields->from);
	*fields = (struct mail_fields){ 0 };
}

/* ---- the print ---------------------------------------------------------------------------- */

void mail_scan_end(struct mail_scan *scan, uint64_t size, struct print *print,
		   struct mail_fields *fields)
{
	header_finish(scan);
	if (print) {
		print->size = size > scan->left_out ? size - scan->left_out : 0;
		print->head = digest_of(scan->header.data, scan->header.size);
	}
	if (fields)
		fields_read(&scan->header, fields);
	buf_free(&scan->header);
	free(scan);
}

bool mail_size_close(uint64_t print, uint64_t claimed)
{
	return claimed >= print && claimed - print <= MAIL_NOISE_SIZE;
}

uint64_t mail_scan_header(const struct mail_scan *scan, uint64_t *crlf)
{
	*crlf = scan->crlf;
	return scan->raw;
}
