/* MIME: lines, headers and boundaries.  A stack of the open multiparts; of each line only what can matter
 * is kept. */
#include "format/mime.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/attribute.h"
#include "format/transfer.h"

#include <stdlib.h>
#include <string.h>

#define FIELD_MOST    ((size_t)16 * 1024) /* of a field that is read */
#define BOUNDARY_MOST ((size_t)200)       /* RFC 2046 5.1.1 has 70 */
#define PHANTOM_MOST  ((size_t)8 * 1024)  /* of what a message/external-body encloses */

/* A place in the message. */
struct place {
	uint64_t at;     /* in its bytes */
	uint64_t octets; /* on the wire: every line end counted as CRLF */
	uint64_t lines;  /* line ends so far */
};

/* A multipart, or a message that encloses one, which has begun. */
struct open_part {
	struct structure_part *part;
	const char *boundary; /* NULL: none */
	size_t boundary_size;
	struct place body; /* where its body begins */
};

struct mime {
	struct structure *structure;
	struct open_part stack[STRUCTURE_DEPTH + 1];
	size_t open; /* how many; the last one is being read */
	bool header; /* its header is; else its body */

	bool cr;             /* the last byte was CR */
	struct place now;    /* here */
	struct place before; /* in front of the line end that is before this line */
	struct buf line;     /* its beginning: as much as can matter */
	struct buf field;    /* the header field that has begun, unfolded */
	struct buf phantom;  /* what a message/external-body encloses */
	struct buf decoded;
};

struct mime *mime_begin(struct structure *structure)
{
	struct mime *mime = memory_alloc(sizeof *mime);

	mime->structure = structure;
	buf_init(&mime->line, FIELD_MOST);
	buf_init(&mime->field, FIELD_MOST);
	buf_init(&mime->phantom, PHANTOM_MOST);
	buf_init(&mime->decoded, PHANTOM_MOST);
	mime->stack[0].part = structure_add(structure, NULL);
	mime->open = 1;
	mime->header = true;
	return mime;
}

static struct open_part *innermost(struct mime *mime)
{
	return &mime->stack[mime->open - 1];
}

/* ---- header fields ------------------------------------------------------------------------ */

/* A field's text if it is of that name. */
static const char *field_of(const char *field, const char *name)
{
	size_t size = strlen(name);

	if (str_ncasecmp(field, name, size) != 0)
		return NULL;
	field += size;
	field += strspn(field, " \t"); /* RFC 5322 4.5.8 */
	if (*field++ != ':')
		return NULL;
	return field + strspn(field, " \t");
}

/* "text/plain" in lower case; RFC 2045 5.2 has text/plain for what makes no sense. */
static void type_read(struct arena *arena, const char *text, struct structure_part *part)
{
	const char *value, *slash;

	attributes_read(text, strlen(text), arena, &value, (struct attribute **)&part->attributes);
	value = structure_lower(arena, value);
	slash = strchr(value, '/');
	if (!slash || slash == value || !slash[1] || strpbrk(value, " \t<>@,\"[]?=")) {
		part->type = "text";
		part->subtype = "plain";
		return;
	}
	part->type = arena_strn(arena, value, (size_t)(slash - value));
	part->subtype = arena_str(arena, slash + 1);
}

/* One field of the header of a part, or of a message. */
static void field_read(struct arena *arena, struct structure_part *part, const char *field)
{
	struct structure_part *message = part->parent;
	struct attribute *attributes;
	const char *text, *value;

	if ((text = field_of(field, "Content-Type"))) {
		part->typed_twice = *part->type;
		if (!*part->type)
			type_read(arena, text, part);
	} else if ((text = field_of(field, "Content-Disposition")) && !*part->disposed) {
		attributes_read(text, strlen(text), arena, &value, &attributes);
		part->disposed = value;
		part->disposed_attributes = attributes;
	} else if ((text = field_of(field, "Content-Transfer-Encoding")) && !*part->encoding) {
		attributes_read(text, strlen(text), arena, &value, &attributes);
		part->encoding = structure_lower(arena, value);
	} else if ((text = field_of(field, "Content-ID")) && !*part->id) {
		part->id = arena_str(arena, text);
	} else if ((text = field_of(field, "Content-Description")) && !part->described) {
		part->described = arena_str(arena, text);
	} else if ((text = field_of(field, "X-Koc-Part")) && !part->mark) {
		part->mark = arena_str(arena, text);
	} else if ((text = field_of(field, "Subject")) && message && message->first == part &&
		   !message->titled && structure_is(message, "message", NULL)) {
		message->titled = arena_str(arena, text);
	}
}

static void field_end(struct mime *mime)
{
	while (mime->field.size && strchr(" \t", mime->field.data[mime->field.size - 1]))
		mime->field.data[--mime->field.size] = '\0';
	if (mime->field.size)
		field_read(mime->structure->arena, innermost(mime)->part, mime->field.data);
	buf_clear(&mime->field);
}

/* What can matter of a field that fits into the limit: the rest is cut off. */
static void add_cut(struct buf *buf, const char *data, size_t size)
{
	size_t room = buf->limit - buf->size;

	buf_add(buf, data, size < room ? size : room);
}

static void header_line(struct mime *mime, const char *line, size_t size)
{
	size_t before;

	if (*line != ' ' && *line != '\t')
		field_end(mime);
	before = mime->field.size;
	add_cut(&mime->field, line, size);
	for (size_t i = before; i < mime->field.size; i++)
		if (mime->field.data[i] == '\0' || mime->field.data[i] == '\r')
			mime->field.data[i] = ' ';
}

/* ---- parts -------------------------------------------------------------------------------- */

/* Begins the header of a part that is in the innermost one. */
static void part_begin(struct mime *mime, const struct place *begin)
{
	struct open_part *outer = innermost(mime);
	struct structure_part *part = structure_add(mime->structure, outer->part);

	if (!part)
		return;
	part->header_at = begin->at;
	mime->stack[mime->open++] = (struct open_part){ .part = part };
	mime->header = true;
}

/* What was not said: text/plain, in a digest a message (RFC 2046 5.1.5). */
static void type_default(struct structure_part *part)
{
	if (part->parent && structure_is(part->parent, "multipart", "digest")) {
		part->type = "message";
		part->subtype = "rfc822";
	} else {
		part->type = "text";
		part->subtype = "plain";
	}
}

/* Is its body a message that is to be read?  An encoded one is not (RFC 2046 5.2.1 has none). */
static bool encloses(const struct structure_part *part)
{
	return structure_is(part, "message", NULL) &&
	       (strcmp(part->subtype, "rfc822") == 0 || strcmp(part->subtype, "global") == 0) &&
	       transfer_of(part->encoding) == TRANSFER_NONE;
}

/* The header of the innermost part has ended, its body begins there. */
static void header_end(struct mime *mime, const struct place *body)
{
	struct open_part *open = innermost(mime);
	struct structure_part *part = open->part;

	field_end(mime);
	if (!*part->type)
		type_default(part);
	mime->header = false;
	part->body_at = body->at;
	open->body = *body;
	buf_clear(&mime->phantom);
	if (structure_is(part, "multipart", NULL)) {
		const char *boundary = attribute_value(part->attributes, "boundary");

		if (boundary && *boundary && strlen(boundary) <= BOUNDARY_MOST) {
			open->boundary = boundary;
			open->boundary_size = strlen(boundary);
		}
	} else if (encloses(part)) {
		part_begin(mime, body);
	}
}

static void without_cr(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '\r')
			*to++ = *text;
	*to = '\0';
}

/* What a message/external-body encloses: a header, and no body.  A program that writes a stub anew without
 * the part's own header fields keeps it, perhaps encoded. */
static void phantom_read(struct mime *mime, struct structure_part *part)
{
	struct transfer_run run = { .how = transfer_of(part->encoding) };
	struct structure_part *phantom;
	char *line, *next;

	if (!structure_is(part, "message", "external-body") || !mime->phantom.size)
		return;
	phantom = structure_phantom(mime->structure, part);
	buf_clear(&mime->decoded);
	transfer_add(&run, mime->phantom.data, mime->phantom.size, &mime->decoded);
	transfer_end(&run, &mime->decoded);
	if (mime->decoded.size)
		without_cr(mime->decoded.data);
	for (line = mime->decoded.data; *line && *line != '\n'; line = next) {
		next = line + strcspn(line, "\n");
		while (*next && (next[1] == ' ' || next[1] == '\t')) {
			*next = ' ';
			next += strcspn(next, "\n");
		}
		if (*next)
			*next++ = '\0';
		field_read(mime->structure->arena, phantom, line);
	}
	if (!part->mark)
		part->mark = phantom->mark;
}

/* The innermost part has ended there. */
static void part_end(struct mime *mime, const struct place *end)
{
	struct open_part *open = innermost(mime);
	struct structure_part *part = open->part;

	if (mime->header) {
		/* A boundary instead of the empty line, perhaps at once. */
		struct place body = *end;

		if (body.at < part->header_at)
			body.at = part->header_at;
		header_end(mime, &body);
	}
	/* A message that was just begun in it: it is empty. */
	if (innermost(mime) != open)
		part_end(mime, end);
	part->end_at = part->body_at;
	if (end->at > part->body_at) { /* else the boundary is the first line of the body */
		part->end_at = end->at;
		if (!part->first || encloses(part)) {
			part->octets = end->octets - open->body.octets;
			part->lines = end->lines - open->body.lines;
		}
	}
	/* The line end that is a header's and a boundary's too. */
	if (part->last && part->last->end_at > part->end_at)
		part->end_at = part->last->end_at;
	part->has_lines = structure_is(part, "text", NULL) || encloses(part);
	phantom_read(mime, part);
	mime->open--;
	mime->header = false;
}

/* Is the line a boundary, and of which open part?  The longest that fits (RFC 2046 5.1.2). */
static size_t boundary_of(const struct mime *mime, const char *line, size_t size, bool *last)
{
	size_t found = 0, longest = 0;

	if (size < 3 || line[0] != '-' || line[1] != '-')
		return 0;
	for (size_t i = mime->open; i > 0; i--) {
		const struct open_part *open = &mime->stack[i - 1];

		if (open->boundary && open->boundary_size > longest && open->boundary_size <= size - 2 &&
		    memcmp(line + 2, open->boundary, open->boundary_size) == 0) {
			const char *rest = line + 2 + open->boundary_size;

			found = i;
			longest = open->boundary_size;
			*last = size - 2 - longest >= 2 && rest[0] == '-' && rest[1] == '-';
		}
	}
	return found;
}

/* ---- lines -------------------------------------------------------------------------------- */

/* How much of a line can matter. */
static size_t line_room(const struct mime *mime)
{
	return mime->header ? FIELD_MOST : BOUNDARY_MOST + 4;
}

/* A line has ended (with a line end, unless it is the last); mime->line has its beginning. */
static void line_take(struct mime *mime)
{
	const char *line = mime->line.data;
	size_t size = mime->line.size, found;
	bool last = false;

	found = boundary_of(mime, line, size, &last);
	if (found) {
		while (mime->open > found)
			part_end(mime, &mime->before);
		if (last)
			innermost(mime)->boundary = NULL; /* what follows is of no part */
		else
			part_begin(mime, &mime->now);
	} else if (mime->header && size == 0) {
		header_end(mime, &mime->now);
	} else if (mime->header) {
		header_line(mime, line, size);
	} else if (structure_is(innermost(mime)->part, "message", "external-body")) {
		add_cut(&mime->phantom, line, size);
		add_cut(&mime->phantom, "\n", 1);
	}
}

/* Some bytes of one line, none of them its LF. */
static void line_add(struct mime *mime, const char *data, size_t size)
{
	size_t room = line_room(mime);

	if (mime->line.size < room)
		buf_add(&mime->line, data, size < room - mime->line.size ? size : room - mime->line.size);
	mime->now.at += size;
	mime->now.octets += size;
	mime->cr = data[size - 1] == '\r';
}

static void line_end(struct mime *mime)
{
	struct place before = mime->now;

	if (mime->cr) {
		before.at--;
		before.octets--;
		/* It is the last byte kept of a line that was kept whole. */
		if (mime->line.size && mime->line.data[mime->line.size - 1] == '\r')
			mime->line.data[--mime->line.size] = '\0';
	}
	mime->now.at++;
	mime->now.octets += mime->cr ? 1 : 2;
	mime->now.lines++;
	mime->cr = false;
	line_take(mime);
	buf_clear(&mime->line);
	mime->before = before;
}

void mime_add(struct mime *mime, const void *data, size_t size)
{
	const char *next = data, *end = next + size;

	while (next < end) {
		const char *lf = memchr(next, '\n', (size_t)(end - next));
		const char *stop = lf ? lf : end;

		if (stop > next)
			line_add(mime, next, (size_t)(stop - next));
		if (lf)
			line_end(mime);
		next = lf ? lf + 1 : end;
	}
}

void mime_end(struct mime *mime)
{
	if (mime->line.size)
		line_take(mime);
	while (mime->open)
		part_end(mime, &mime->now);
	structure_settle(mime->structure);
	buf_free(&mime->line);
	buf_free(&mime->field);
	buf_free(&mime->phantom);
	buf_free(&mime->decoded);
	free(mime);
}
