/* Text form: the stub that stands for a part.
 *
 * What mail programs show of it: neomutt its description, notmuch and mu4e its file name: so both tell
 * name, size and type.  The part's own header fields are in what it encloses. */
#include "format/textform_room.h"

#include "base/buf.h"
#include "base/str.h"
#include "format/attribute.h"
#include "format/transfer.h"
#include "format/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PIECE      60            /* bytes of an attribute's value on one line */
#define LABEL_MOST ((size_t)200) /* of a name that is part of a label */
#define TYPE_MOST  100           /* of a type, and of a subtype */

/* ---- writing fields ----------------------------------------------------------------------- */

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* Characters that need no %XX: in an extended value (RFC 2231 7) and in a URL (RFC 3986 2.3) alike. */
static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

static void add_percent(struct buf *out, char c)
{
	if (is_unreserved(c))
		buf_addc(out, c);
	else
		buf_addf(out, "%%%02X", (unsigned char)c);
}

static void add_quoted(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ";\r\n\t%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *value);
	}
	buf_addc(out, '"');
}

/* An attribute; one of other characters, or a long one, encoded, in pieces if need be (RFC 2231 3, 4). */
static void add_attribute(struct buf *out, const char *name, const char *value)
{
	struct buf encoded;

	if (is_plain(value) && strlen(value) <= PIECE) {
		add_quoted(out, name, value);
		return;
	}
	buf_init(&encoded, SIZE_MAX);
	for (; *value; value++)
		add_percent(&encoded, *value);
	if (encoded.size <= PIECE)
		buf_addf(out, ";\r\n\t%s*=UTF-8''%s", name, encoded.data);
	for (size_t at = 0, number = 0; encoded.size > PIECE && at < encoded.size; number++) {
		size_t size = encoded.size - at < PIECE ? encoded.size - at : PIECE;

		/* No %XX is cut in two. */
		for (size_t back = 1; at + size < encoded.size && back <= 2; back++) {
			if (encoded.data[at + size - back] == '%') {
				size -= back;
				break;
			}
		}
		buf_addf(out, ";\r\n\t%s*%zu*=%s%.*s", name, number, number ? "" : "UTF-8''", (int)size,
			 encoded.data + at);
		at += size;
	}
	buf_free(&encoded);
}

static bool is_token(char c)
{
	return is_unreserved(c) || c == '+';
}

bool token_usable(const char *token)
{
	size_t size = 0;

	while (token[size] && is_token(token[size]))
		size++;
	return size && !token[size] && size <= TYPE_MOST;
}

/* A type or subtype, or what can stand in its place. */
static void add_token(struct buf *out, const char *token)
{
	for (size_t i = 0; token[i] && i < TYPE_MOST; i++)
		buf_addc(out, is_token(token[i]) ? token[i] : '-');
}

/* The type and what else was said of it, as far as it can be said again. */
static void add_type(struct buf *out, const struct structure_part *part)
{
	buf_adds(out, "Content-Type: ");
	add_token(out, part->type);
	buf_addc(out, '/');
	add_token(out, part->subtype);
	if (part->charset && is_plain(part->charset))
		add_attribute(out, "charset", part->charset);
	if (part->name)
		add_attribute(out, "name", part->name);
	buf_adds(out, "\r\n");
}

static void add_disposition(struct buf *out, enum disposition disposition, const char *name)
{
	buf_addf(out, "Content-Disposition: %s", disposition == DISPOSITION_INLINE ? "inline" : "attachment");
	if (name)
		add_attribute(out, "filename", name);
	buf_adds(out, "\r\n");
}

/* ---- what it is --------------------------------------------------------------------------- */

/* How large it is without its encoding. */
static uint64_t size_of(const struct structure_part *part)
{
	return transfer_size(transfer_of(part->encoding), part->octets);
}

static void add_size(struct buf *out, uint64_t size)
{
	static const char units[] = "KMGT";
	const char *unit = units;
	uint64_t tenths;

	if (size < 1024) {
		buf_addf(out, "%" PRIu64 " bytes", size);
		return;
	}
	for (; size >= 1024 * 1024 && unit[1]; unit++)
		size /= 1024;
	tenths = size * 10 / 1024;
	if (tenths < 100)
		buf_addf(out, "%" PRIu64 ".%" PRIu64 " %cB", tenths / 10, tenths % 10, *unit);
	else
		buf_addf(out, "%" PRIu64 " %cB", tenths / 10, *unit);
}

/* "report.pdf (120 KB, application/pdf)"; in the name of a file no slash. */
static void make_label(struct buf *out, const struct structure_part *part, bool file)
{
	const char *name = part->name ? part->name : part->description ? part->description : part->subject;
	char *cut = words_clean(name ? name : "", LABEL_MOST);

	buf_clear(out);
	if (*cut)
		buf_adds(out, cut);
	else
		buf_addf(out, "part %s", part->section);
	buf_adds(out, " (");
	add_size(out, size_of(part));
	buf_adds(out, ", ");
	add_token(out, part->type);
	buf_addc(out, '/');
	add_token(out, part->subtype);
	buf_addc(out, ')');
	for (size_t i = 0; file && i < out->size; i++)
		if (out->data[i] == '/' || out->data[i] == '\\')
			out->data[i] = '-';
	free(cut);
}

/* ---- the stub ----------------------------------------------------------------------------- */

static void add_escaped(struct buf *out, const char *text, const char *also)
{
	for (; *text; text++) {
		if (strchr(also, *text))
			buf_addc(out, *text);
		else
			add_percent(out, *text);
	}
}

/* imap://user@host:port/mailbox;UIDVALIDITY=1/;UID=2/;SECTION=3 (RFC 5092).  Blanks in it are none (RFC 2017
 * 3): so it can go over lines. */
static void add_url(struct buf *out, const struct structure_part *part, const struct textform_source *source)
{
	struct buf url;

	buf_init(&url, SIZE_MAX);
	buf_adds(&url, "imap://");
	add_escaped(&url, source->user, "");
	buf_addc(&url, '@');
	/* An IPv6 address stands in brackets. */
	buf_adds(&url, strchr(source->host, ':') ? "[" : "");
	add_escaped(&url, source->host, ":");
	buf_adds(&url, strchr(source->host, ':') ? "]" : "");
	if (source->port)
		buf_addf(&url, ":%u", source->port);
	buf_addc(&url, '/');
	add_escaped(&url, source->mailbox, "/");
	buf_addf(&url, ";UIDVALIDITY=%" PRIu32 "/;UID=%" PRIu32 "/;SECTION=%s", source->validity, source->uid,
		 part->section);
	buf_adds(out, ";\r\n\tURL=\"");
	for (size_t i = 0; i < url.size; i++) {
		if (i && i % 900 == 0) /* RFC 5322 2.1.1: 998 */
			buf_adds(out, "\r\n\t");
		buf_addc(out, url.data[i]);
	}
	buf_addc(out, '"');
	buf_free(&url);
}

static void add_mark(struct buf *out, const struct structure_part *part, const struct textform_source *source,
		     const struct digest *head)
{
	char hex[2 * DIGEST_SIZE + 1];

	str_hex(hex, head->bytes, DIGEST_SIZE);
	buf_addf(out, "X-Koc-Part: %s %" PRIu32 " %" PRIu32 " %s %s\r\n", source->account, source->validity,
		 source->uid, part->section, hex);
}

/* Is it an identifier that can stand in a line of its own? */
static bool is_id(const char *id)
{
	return *id && strlen(id) <= STRUCTURE_NAME / 2 && is_plain(id);
}

void stub_add(struct buf *out, const struct structure_part *part, const struct textform_source *source,
	      const struct digest *head)
{
	struct buf label;

	buf_init(&label, SIZE_MAX);
	buf_adds(out, "Content-Type: message/external-body; access-type=URL");
	add_url(out, part, source);
	buf_addf(out, ";\r\n\tsize=%" PRIu64 "\r\n", size_of(part));
	make_label(&label, part, false);
	buf_adds(out, "Content-Description: ");
	words_encode(out, label.data);
	buf_adds(out, "\r\n");
	make_label(&label, part, true);
	add_disposition(out, DISPOSITION_ATTACHMENT, label.data);
	add_mark(out, part, source, head);
	buf_adds(out, "\r\n");

	add_type(out, part);
	/* RFC 2046 5.2.3 wants one. */
	if (is_id(part->id))
		buf_addf(out, "Content-ID: %s\r\n", part->id);
	else
		buf_addf(out, "Content-ID: <%" PRIu32 ".%" PRIu32 ".%s@koc.invalid>\r\n", source->validity,
			 source->uid, part->section);
	if (part->description) {
		buf_adds(out, "Content-Description: ");
		words_encode(out, part->description);
		buf_adds(out, "\r\n");
	}
	if (part->disposition != DISPOSITION_NONE)
		add_disposition(out, part->disposition, part->name);
	add_mark(out, part, source, head);
	buf_adds(out, "\r\n");
	buf_free(&label);
}
