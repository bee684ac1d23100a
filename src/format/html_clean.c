/* HTML clean: a tokenizer in the spirit of HTML 13.2.5, as far as anything depends on it here. */
#include "format/html_clean.h"

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NAME_MOST  ((size_t)16)   /* of an element that means anything */
#define VALUE_MOST ((size_t)2048) /* of an attribute; data in a URL is longer, and of no use */
#define ATTRIBUTES 16             /* of one element */

struct cleaning {
	const char *at, *end;
	struct buf *out;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* ---- text --------------------------------------------------------------------------------- */

/* Appends text: valid UTF-8, without what XML forbids; with the characters in `escaped` as references. */
static void add_text(struct buf *out, const char *text, size_t size, const char *escaped)
{
	while (size) {
		uint32_t code = 0;
		size_t length = str_utf8_next(text, size, &code);

		if (!length)
			buf_adds(out, "\xef\xbf\xbd");
		else if (length == 1 && *text && strchr(escaped, *text))
			buf_addf(out, "&#%u;", (unsigned)code);
		else if (code >= 0x20 || is_space(*text))
			buf_add(out, text, length);
		length = length ? length : 1;
		text += length;
		size -= length;
	}
}

/* The position of `what` (lower case) at or behind `at`; the end if it is not there. */
static const char *find(const char *at, const char *end, const char *what)
{
	size_t size = strlen(what);

	for (; (size_t)(end - at) >= size; at++) {
		at = memchr(at, what[0], (size_t)(end - at));
		if (!at || (size_t)(end - at) < size)
			return end;
		if (str_ncasecmp(at, what, size) == 0)
			return at;
	}
	return end;
}

/* ---- tags --------------------------------------------------------------------------------- */

struct tag {
	char name[NAME_MOST + 1]; /* lower case; "" one that means nothing */
	bool closing;
};

/* Those that the text depends on. */
static bool is_of_use(const char *name, size_t size)
{
	static const char *const names[] = { "href",  "alt",     "style", "hidden", "start",
					     "value", "colspan", "cite",  "width",  "height" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == size && str_ncasecmp(names[i], name, size) == 0)
			return true;
	return false;
}

static void skip_spaces(struct cleaning *cleaning)
{
	while (cleaning->at < cleaning->end && (is_space(*cleaning->at) || *cleaning->at == '/'))
		cleaning->at++;
}

/* The value behind a "=": between quotes, or up to a blank. */
static void value_read(struct cleaning *cleaning, const char **value, size_t *size)
{
	const char *end = cleaning->end, *stop;
	char quote;

	while (cleaning->at < end && is_space(*cleaning->at))
		cleaning->at++;
	quote = cleaning->at < end ? *cleaning->at : '\0';
	if (quote == '"' || quote == '\'') {
		*value = ++cleaning->at;
		stop = memchr(*value, quote, (size_t)(end - *value));
		stop = stop ? stop : end;
		cleaning->at = stop < end ? stop + 1 : end;
	} else {
		*value = stop = cleaning->at;
		while (stop < end && !is_space(*stop) && *stop != '>')
			stop++;
		cleaning->at = stop;
	}
	*size = (size_t)(stop - *value);
}

/* One attribute; written if it is of use.  False at the tag's end. */
static bool attribute_read(struct cleaning *cleaning, bool write)
{
	const char *name, *value = NULL;
	size_t name_size, size = 0;

	skip_spaces(cleaning);
	if (cleaning->at == cleaning->end || *cleaning->at == '>')
		return false;
	name = cleaning->at++;
	while (cleaning->at < cleaning->end && !is_space(*cleaning->at) && !strchr("=>/", *cleaning->at))
		cleaning->at++;
	name_size = (size_t)(cleaning->at - name);
	while (cleaning->at < cleaning->end && is_space(*cleaning->at))
		cleaning->at++;
	if (cleaning->at < cleaning->end && *cleaning->at == '=') {
		cleaning->at++;
		value_read(cleaning, &value, &size);
	}
	if (!write || !is_of_use(name, name_size) || size > VALUE_MOST)
		return true;
	buf_addc(cleaning->out, ' ');
	for (size_t i = 0; i < name_size; i++)
		buf_addc(cleaning->out, (char)(name[i] | 0x20));
	buf_adds(cleaning->out, "=\"");
	add_text(cleaning->out, value ? value : "", size, "\"<>");
	buf_addc(cleaning->out, '"');
	return true;
}

/* Not "o:p" and such, of which only the content stays; and not what a document consists of: it often stands
 * where it should not, and the parser believes that the document ends there. */
static bool is_known(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!is_letter(*c) && !(*c >= '0' && *c <= '9'))
			return false;
	return strcmp(name, "html") != 0 && strcmp(name, "head") != 0 && strcmp(name, "body") != 0;
}

/* A tag, from its '<' on; written without what is of no use. */
static void tag_read(struct cleaning *cleaning, struct tag *tag)
{
	size_t size = 0, attributes = 0;

	cleaning->at++;
	tag->closing = *cleaning->at == '/';
	cleaning->at += tag->closing;
	for (; cleaning->at < cleaning->end && !is_space(*cleaning->at) && !strchr("/>", *cleaning->at);
	     cleaning->at++, size++)
		if (size < NAME_MOST)
			tag->name[size] =
				(char)(is_letter(*cleaning->at) ? *cleaning->at | 0x20 : *cleaning->at);
	tag->name[size <= NAME_MOST ? size : 0] = '\0';
	if (!is_known(tag->name))
		tag->name[0] = '\0';
	if (*tag->name)
		buf_addf(cleaning->out, tag->closing ? "</%s" : "<%s", tag->name);
	while (attribute_read(cleaning, *tag->name && !tag->closing && attributes < ATTRIBUTES))
		attributes++;
	if (cleaning->at < cleaning->end)
		cleaning->at++;
	if (*tag->name)
		buf_addc(cleaning->out, '>');
}

/* Elements whose content is no HTML, and none of the text. */
static bool is_raw(const struct tag *tag)
{
	static const char *const names[] = { "script", "style", "xmp", "iframe", "noembed", "noframes" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], tag->name) == 0)
			return !tag->closing;
	return false;
}

/* Skips the content of a raw element: up to its end tag.  Without one it is the rest. */
static void raw_skip(struct cleaning *cleaning, const struct tag *tag)
{
	char closing[NAME_MOST + 3] = "</";

	memcpy(closing + 2, tag->name, strlen(tag->name) + 1);
	cleaning->at = find(cleaning->at, cleaning->end, closing);
}

/* Skips a comment, a declaration or an instruction.  A comment without end ends at the next '>': a "<!" in
 * text must not swallow a letter. */
static void comment_skip(struct cleaning *cleaning, bool *unclosed)
{
	const char *at = cleaning->at, *end = cleaning->end, *stop;

	if (!*unclosed && end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
		stop = find(at + 2, end, "-->"); /* "<!-->" is one */
		if (stop < end) {
			cleaning->at = stop + 3;
			return;
		}
		*unclosed = true; /* nothing closes any more: not looked for again */
	}
	stop = memchr(at, '>', (size_t)(end - at));
	cleaning->at = stop ? stop + 1 : end;
}

void html_clean(const char *html, size_t size, struct buf *out)
{
	struct cleaning cleaning = { html, html + size, out };
	bool unclosed = false;

	buf_adds(out, "<html><body>");
	while (cleaning.at < cleaning.end) {
		size_t left = (size_t)(cleaning.end - cleaning.at);
		const char *mark = memchr(cleaning.at, '<', left);
		size_t text = mark ? (size_t)(mark - cleaning.at) : left;
		char next = left > text + 1 ? mark[1] : '\0', after = left > text + 2 ? mark[2] : '\0';
		struct tag tag;

		add_text(out, cleaning.at, text, "<>");
		cleaning.at += text;
		if (!mark)
			break;
		if (is_letter(next) || (next == '/' && is_letter(after))) {
			tag_read(&cleaning, &tag);
			if (is_raw(&tag))
				raw_skip(&cleaning, &tag);
		} else if (next == '!' || next == '?' || next == '/') {
			comment_skip(&cleaning, &unclosed);
		} else {
			buf_adds(out, "&#60;");
			cleaning.at++;
		}
	}
}
