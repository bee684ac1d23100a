/* Text form: composing one.  Written in one pass; all that is written within a multipart is checked for the
 * boundaries that are open there. */
#include "format/textform.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "format/attribute.h"
#include "format/html.h"
#include "format/mail.h"
#include "format/mime.h"
#include "format/textform_room.h"
#include "format/transfer.h"

#include <stdlib.h>
#include <string.h>

#define LINE_HEAD (TEXTFORM_BOUNDARY + 2) /* of a line, as much as a boundary can take */

struct composing {
	const struct textform_plan *plan;
	const struct textform_source *source;
	const struct textform_text *texts;
	textform_write *write;
	void *context;
	struct arena *arena;
	struct digest head;
	bool *holds;                                 /* by part->number: it holds a text */
	const char *boundaries[STRUCTURE_DEPTH + 2]; /* the open ones */
	size_t open;
	char line[LINE_HEAD]; /* of the text being written: the beginning of the line at hand */
	size_t line_size;
	struct buf out;          /* what koc itself writes next */
	const struct fail *fail; /* the first one; nothing is written behind it */
};

/* ---- writing ------------------------------------------------------------------------------ */

static void put(struct composing *composing, const void *data, size_t size)
{
	if (!composing->fail && size)
		composing->fail = composing->write(composing->context, data, size);
}

static void flush(struct composing *composing)
{
	put(composing, composing->out.data, composing->out.size);
	buf_clear(&composing->out);
}

/* Does the line that begins so look like an open boundary (RFC 2046 5.1.1: its beginning decides)? */
static bool is_boundary(const struct composing *composing, const char *line, size_t size)
{
	if (size < 3 || line[0] != '-' || line[1] != '-')
		return false;
	for (size_t i = 0; i < composing->open; i++) {
		size_t length = strlen(composing->boundaries[i]);

		if (length <= size - 2 && memcmp(line + 2, composing->boundaries[i], length) == 0)
			return true;
	}
	return false;
}

static const struct fail *contradiction(const char *what)
{
	return fail_make(FAIL_DATA, FAIL_ITEM, "%s", what);
}

/* Bytes of a text as it was sent, in pieces. */
static const struct fail *put_checked(void *context, const void *data, size_t size)
{
	struct composing *composing = context;
	const char *next = data, *end = next + size;

	while (next < end && !composing->fail) {
		const char *lf = memchr(next, '\n', (size_t)(end - next));
		const char *stop = lf ? lf : end;
		size_t room = LINE_HEAD - composing->line_size;
		size_t more = (size_t)(stop - next);

		memcpy(composing->line + composing->line_size, next, more < room ? more : room);
		composing->line_size += more < room ? more : room;
		if (is_boundary(composing, composing->line, composing->line_size))
			composing->fail = contradiction("a boundary stands in one of its texts");
		if (lf)
			composing->line_size = 0;
		next = lf ? lf + 1 : end;
	}
	put(composing, data, size);
	return composing->fail;
}

/* ---- texts -------------------------------------------------------------------------------- */

/* Would readers take the text for what the server says it is?  What was not said is us-ascii. */
static bool same_charset(const char *a, const char *b)
{
	return str_casecmp(a ? a : "us-ascii", b ? b : "us-ascii") == 0;
}

/* A MIME header without the empty line behind it; false where it is not of this text/plain part. */
static bool mime_header(struct arena *arena, const struct structure_part *said,
			const struct textform_text *text, size_t *size)
{
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);
	const struct structure_part *part = structure->root;

	mime_add(mime, text->mime, text->mime_size);
	mime_end(mime);
	/* One that is cut, or followed by something else, is none. */
	if (!structure_is(part, "text", "plain") || part->typed_twice || part->body_at != text->mime_size ||
	    (text->mime_size && memchr(text->mime, '\0', text->mime_size)))
		return false;
	if (transfer_of(part->encoding) != transfer_of(said->encoding) ||
	    !same_charset(part->charset, said->charset))
		return false;
	*size = text->mime_size;
	while (*size && strchr("\r\n", text->mime[*size - 1]))
		--*size;
	return true;
}

/* A text part as it was sent. */
static void add_kept(struct composing *composing, const struct structure_part *part,
		     const struct textform_text *text)
{
	size_t size = 0;

	if (!mime_header(composing->arena, part, text, &size)) {
		composing->fail = contradiction("a text is something else than its structure says");
		return;
	}
	put(composing, text->mime, size);
	if (size)
		buf_adds(&composing->out, "\r\n");
	buf_adds(&composing->out, "\r\n");
	flush(composing);
	composing->line_size = 0;
	if (composing->fail)
		return;
	if (text->give)
		composing->fail = text->give(text->context, put_checked, composing);
	else
		composing->fail = put_checked(composing, text->body, text->body_size);
}

/* Text made of HTML: lines that look like a boundary are set apart by a blank. */
static void add_made(struct composing *composing, const struct textform_text *text)
{
	struct buf *out = &composing->out;
	const char *next = text->body, *end = next + text->body_size;

	buf_adds(out, "Content-Type: text/plain; charset=utf-8; format=fixed\r\n"
		      "Content-Transfer-Encoding: 8bit\r\n"
		      "Content-Disposition: inline\r\n"
		      "Content-Description: made from the HTML of this message\r\n\r\n");
	while (next < end) {
		const char *lf = memchr(next, '\n', (size_t)(end - next));
		const char *stop = lf ? lf : end;

		if (is_boundary(composing, next, (size_t)(stop - next)))
			buf_addc(out, ' ');
		buf_add(out, next, (size_t)(stop - next));
		buf_adds(out, "\r\n");
		next = stop + 1;
	}
	flush(composing);
}

const struct fail *textform_make(const struct structure_part *part, const char *body, size_t size,
				 struct buf *out)
{
	struct transfer_run run = { .how = transfer_of(part->encoding) };
	const struct fail *f;
	struct buf html;

	buf_init(&html, size + TRANSFER_HELD);
	transfer_add(&run, body, size, &html);
	transfer_end(&run, &html);
	f = html_text(html.data, html.size, part->charset, out);
	buf_free(&html);
	return f;
}

/* ---- parts -------------------------------------------------------------------------------- */

static const struct textform_text *text_of(const struct composing *composing,
					   const struct structure_part *part, bool *made)
{
	for (size_t i = 0; i < composing->plan->count; i++) {
		if (composing->plan->sections[i].part != part)
			continue;
		*made = composing->plan->sections[i].made;
		return &composing->texts[i];
	}
	return NULL;
}

static void add_boundary(struct composing *composing, const char *behind)
{
	buf_addf(&composing->out, "\r\n--%s%s\r\n", composing->boundaries[composing->open - 1], behind);
	flush(composing);
}

static void add_stub(struct composing *composing, const struct structure_part *part)
{
	add_boundary(composing, "");
	stub_add(&composing->out, part, composing->source, &composing->head);
	flush(composing);
}

/* A part that holds no others: its stub, its text, or both. */
static void add_leaf(struct composing *composing, const struct structure_part *part, bool stub, bool text)
{
	bool made = false;
	const struct textform_text *given = text_of(composing, part, &made);

	if (made && !given->body)
		given = NULL;
	if (given && text) {
		add_boundary(composing, "");
		if (made)
			add_made(composing, given);
		else
			add_kept(composing, part, given);
	}
	if (stub && (!given || made))
		add_stub(composing, part);
}

/* A boundary of koc's own: from what nobody chose. */
static const char *boundary_make(const struct composing *composing, size_t number)
{
	char hex[2 * DIGEST_SIZE + 1];

	str_hex(hex, composing->head.bytes, DIGEST_SIZE);
	return arena_printf(composing->arena, "=_koc_%.32s_%zu", hex, number);
}

/* The original one, unless it cannot be told from one that is open. */
static const char *boundary_of(const struct composing *composing, const struct structure_part *part)
{
	const char *boundary = attribute_value(part->attributes, "boundary");

	if (!boundary_usable(boundary))
		return boundary_make(composing, part->number);
	for (size_t i = 0; i < composing->open; i++) {
		const char *outer = composing->boundaries[i];

		if (str_starts(boundary, outer) || str_starts(outer, boundary))
			return boundary_make(composing, part->number);
	}
	return boundary;
}

static void add_quoted(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void add_parts(struct composing *composing, const struct structure_part *parent);

static void add_multipart(struct composing *composing, const struct structure_part *part)
{
	const char *boundary;

	add_boundary(composing, "");
	boundary = boundary_of(composing, part);
	buf_addf(&composing->out, "Content-Type: multipart/%s;\r\n\tboundary=",
		 token_usable(part->subtype) ? part->subtype : "mixed");
	add_quoted(&composing->out, boundary);
	buf_adds(&composing->out, "\r\n");
	flush(composing);
	composing->boundaries[composing->open++] = boundary;
	add_parts(composing, part);
	composing->open--;
}

/* Adds parts of a multipart: what is to be a stub, what has text, or both in their order. */
static void add_some(struct composing *composing, const struct structure_part *parent, bool stubs, bool texts)
{
	const struct structure_part *part;

	for (part = parent->first; part && !composing->fail; part = part->next) {
		if (strcmp(part->type, "multipart") != 0)
			add_leaf(composing, part, stubs, texts);
		else if (composing->holds[part->number] ? texts : stubs)
			add_multipart(composing, part);
	}
}

/* The parts of a multipart and what closes it; its boundary is the innermost open one.  As deep as the
 * structure is. */
static void add_parts(struct composing *composing, const struct structure_part *parent)
{
	/* The last alternative is the preferred one (RFC 2046 5.1.4): not a stub. */
	if (structure_is(parent, "multipart", "alternative")) {
		add_some(composing, parent, true, false);
		add_some(composing, parent, false, true);
	} else {
		add_some(composing, parent, true, true);
	}
	add_boundary(composing, "--");
}

/* ---- the header --------------------------------------------------------------------------- */

/* Is the line one of the fields that must change where a single part becomes a multipart? */
static bool changes(const char *line, size_t size)
{
	static const char *const names[] = { "Content-Type", "Content-Transfer-Encoding",
					     "Content-Disposition" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t length = strlen(names[i]);

		if (size <= length || str_ncasecmp(line, names[i], length) != 0)
			continue;
		while (length < size && (line[length] == ' ' || line[length] == '\t'))
			length++;
		if (length < size && line[length] == ':')
			return true;
	}
	return false;
}

/* The header as it was sent, without the empty line; if `boundary` is given, the first of the fields that say
 * what the body is becomes what it is now, the others go. */
static void add_header(struct composing *composing, const char *header, size_t size, const char *boundary)
{
	const char *next = header, *end = header + size;
	bool told = false, drop = false;

	while (next < end) {
		const char *lf = memchr(next, '\n', (size_t)(end - next));
		const char *stop = lf ? lf + 1 : end;

		if (*next == '\n' || (*next == '\r' && next + 1 < end && next[1] == '\n'))
			break;
		if (*next != ' ' && *next != '\t') {
			drop = boundary && changes(next, (size_t)(stop - next));
			if (drop && !told)
				buf_addf(&composing->out,
					 "Content-Type: multipart/mixed; boundary=\"%s\"\r\n"
					 "Content-Transfer-Encoding: 8bit\r\n",
					 boundary);
			told = told || drop;
		}
		if (!drop)
			buf_add(&composing->out, next, (size_t)(stop - next));
		next = stop;
	}
	if (composing->out.size && composing->out.data[composing->out.size - 1] != '\n')
		buf_adds(&composing->out, "\r\n");
	flush(composing);
}

/* ---- the whole ---------------------------------------------------------------------------- */

static struct digest head_of(const char *header, size_t size)
{
	struct mail_scan *scan = mail_scan_begin();
	struct print print;

	mail_scan_add(scan, header, size);
	mail_scan_end(scan, 0, &print, NULL);
	return print.head;
}

/* Marks the parts that hold a text, and those they lie in. */
static void mark_texts(struct composing *composing)
{
	for (size_t i = 0; i < composing->plan->count; i++) {
		const struct structure_part *part = composing->plan->sections[i].part;

		if (composing->plan->sections[i].made && !composing->texts[i].body)
			continue;
		for (; part; part = part->parent)
			composing->holds[part->number] = true;
	}
}

const struct fail *textform_compose(const struct structure *structure, const struct textform_plan *plan,
				    const struct textform_source *source, const char *header,
				    size_t header_size, const struct textform_text *texts,
				    textform_write *write, void *context, struct arena *arena)
{
	const struct structure_part *root = structure->root;
	struct composing composing = {
		.plan = plan,
		.source = source,
		.texts = texts,
		.write = write,
		.context = context,
		.arena = arena,
		.head = head_of(header, header_size),
		.holds = arena_alloc(arena, structure->count * sizeof(bool)),
	};

	buf_init(&composing.out, SIZE_MAX);
	mark_texts(&composing);
	composing.open = 1;
	if (strcmp(root->type, "multipart") == 0) {
		struct structure *said = structure_new(arena);
		struct mime *mime = mime_begin(said);

		mime_add(mime, header, header_size);
		mime_end(mime);
		composing.boundaries[0] = attribute_value(said->root->attributes, "boundary");
		add_header(&composing, header, header_size, NULL);
		add_parts(&composing, root);
	} else {
		composing.boundaries[0] = boundary_make(&composing, 0);
		add_header(&composing, header, header_size, composing.boundaries[0]);
		add_leaf(&composing, root, true, true);
		add_boundary(&composing, "--");
	}
	buf_free(&composing.out);
	return composing.fail;
}
