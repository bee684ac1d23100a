/* Text form: what one says, digested (see textform.h).  Line by line: what follows a line that begins
 * with two dashes may be the header of a part; if it is a stub's, it is left out with all up to the next
 * such line. */
#include "format/textform.h"

#include "base/buf.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A longer line or header of a part is digested as it comes: no stub has such. */
#define LINE_MOST   ((size_t)64 * 1024)
#define HEADER_MOST ((size_t)256 * 1024)

enum where { IN_HEADER, IN_BODY, IN_PART_HEADER, IN_STUB };

struct textform_digest {
	struct digest_run *run;
	enum where where;
	struct buf line;   /* what came of it */
	struct buf header; /* of a part */
	bool long_line;    /* its beginning was dealt with */
	bool external, marked;
};

struct textform_digest *textform_digest_begin(void)
{
	struct textform_digest *digest = memory_alloc(sizeof *digest);

	digest->run = digest_begin();
	buf_init(&digest->line, SIZE_MAX);
	buf_init(&digest->header, SIZE_MAX);
	return digest;
}

static void part_flush(struct textform_digest *digest)
{
	digest_add(digest->run, digest->header.data, digest->header.size);
	buf_clear(&digest->header);
}

static bool holds(const char *line, size_t size, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= size; i++)
		if (strncasecmp(line + i, word, length) == 0)
			return true;
	return false;
}

/* One line, with its LF. */
static void line_take(struct textform_digest *digest, const char *line, size_t size)
{
	bool dashes = size > 2 && line[0] == '-' && line[1] == '-', empty = size <= 1;

	if (digest->where == IN_HEADER) {
		if (empty)
			digest->where = IN_BODY;
		return;
	}
	if (dashes) {
		part_flush(digest);
		digest_add(digest->run, line, size);
		digest->where = IN_PART_HEADER;
		digest->external = digest->marked = false;
		return;
	}
	if (digest->where == IN_STUB)
		return;
	if (digest->where == IN_BODY) {
		digest_add(digest->run, line, size);
		return;
	}
	digest->external |= holds(line, size, "message/external-body");
	digest->marked |= strncasecmp(line, "X-Koc-Part:", 11) == 0;
	buf_add(&digest->header, line, size);
	if (empty && digest->external && digest->marked) {
		buf_clear(&digest->header);
		digest->where = IN_STUB;
	} else if (empty || digest->header.size > HEADER_MOST) {
		part_flush(digest);
		digest->where = IN_BODY;
	}
}

/* A line that is complete, or too long to wait for its end. */
static void line_end(struct textform_digest *digest)
{
	struct buf *line = &digest->line;

	if (line->size > 1 && line->data[line->size - 1] == '\n' && line->data[line->size - 2] == '\r') {
		line->data[line->size - 2] = '\n';
		line->size--;
	}
	if (digest->long_line && digest->where == IN_BODY)
		digest_add(digest->run, line->data, line->size);
	else if (!digest->long_line)
		line_take(digest, line->data, line->size);
	buf_clear(line);
}

void textform_digest_add(struct textform_digest *digest, const void *data, size_t size)
{
	const char *at = data, *end = at + size;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at)), *stop = lf ? lf + 1 : end;
		size_t room = LINE_MOST - digest->line.size;

		if ((size_t)(stop - at) > room)
			stop = at + room;
		buf_add(&digest->line, at, (size_t)(stop - at));
		at = stop;
		if (lf == stop - 1) {
			line_end(digest);
			digest->long_line = false;
		} else if (digest->line.size == LINE_MOST) {
			line_end(digest);
			digest->long_line = true;
		}
	}
}

struct digest textform_digest_end(struct textform_digest *digest)
{
	struct digest result;

	if (digest->line.size)
		line_end(digest);
	part_flush(digest);
	result = digest_end(digest->run);
	buf_free(&digest->line);
	buf_free(&digest->header);
	free(digest);
	return result;
}
