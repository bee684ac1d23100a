/* Attributes: a reader as lenient as mail programs are. */
#include "format/attribute.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "format/charset.h"
#include "format/words.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PIECES_MOST 100 /* name*0 to name*99 */
#define VALUE_MOST  ((size_t)16 * 1024)

/* ---- reading a field ---------------------------------------------------------------------- */

struct text {
	const char *at, *end;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Skips blanks and comments (RFC 5322 3.2.2). */
static void skip(struct text *text)
{
	size_t depth = 0;

	for (; text->at < text->end; text->at++) {
		char c = *text->at;

		if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (c == '\\' && depth && text->at + 1 < text->end)
			text->at++;
		else if (!depth && !blank(c))
			break;
	}
}

/* What stands between quotes. */
static const char *quoted(struct text *text, struct arena *arena)
{
	size_t room = 0, used = 0;
	char *copy;

	for (const char *p = text->at + 1; p < text->end && *p != '"' && room < VALUE_MOST; room++)
		p += *p == '\\' ? 2 : 1;
	copy = arena_alloc(arena, room + 1);
	for (text->at++; text->at < text->end && *text->at != '"'; text->at++) {
		if (*text->at == '\\' && text->at + 1 < text->end)
			text->at++;
		/* Line ends are those of folding; a NUL is nothing. */
		if (used < room && !strchr("\r\n", *text->at))
			copy[used++] = *text->at;
	}
	if (text->at < text->end)
		text->at++;
	copy[used] = '\0';
	return copy;
}

/* Up to one of the characters in `stops` or a comment, without the blanks at its end.  A bracket within a
 * word begins no comment: names like "report(1).pdf" come without quotes. */
static const char *token(struct text *text, const char *stops, struct arena *arena)
{
	const char *begin = text->at;
	size_t size;

	while (text->at < text->end && (*text->at == '\0' || !strchr(stops, *text->at)) &&
	       (*text->at != '(' || (text->at > begin && !blank(text->at[-1]))))
		text->at++;
	size = (size_t)(text->at - begin);
	while (size && blank(begin[size - 1]))
		size--;
	if (size > VALUE_MOST)
		size = VALUE_MOST;
	return arena_strn(arena, begin, size);
}

void attributes_read(const char *field, size_t size, struct arena *arena, const char **value,
		     struct attribute **first)
{
	struct text text = { field, field + size };
	struct attribute **last = first;
	size_t count = 0;

	*first = NULL;
	skip(&text);
	*value = token(&text, ";", arena);
	for (;;) {
		const char *name;

		/* Whatever else stands there goes. */
		while (text.at < text.end && *text.at != ';') {
			if (*text.at == '"')
				(void)quoted(&text, arena);
			else if (*text.at == '(')
				skip(&text);
			else
				text.at++;
		}
		if (text.at == text.end || count++ == ATTRIBUTES_MOST)
			return;
		text.at++;
		skip(&text);
		name = token(&text, "=;", arena);
		skip(&text);
		if (text.at == text.end || *text.at != '=')
			continue;
		text.at++;
		skip(&text);
		*last = arena_alloc(arena, sizeof **last);
		(*last)->name = name;
		/* Unquoted values hold blanks where programs are careless: "name=my file.pdf". */
		(*last)->value = text.at < text.end && *text.at == '"' ? quoted(&text, arena)
								       : token(&text, ";", arena);
		last = &(*last)->next;
	}
}

const char *attribute_value(const struct attribute *first, const char *name)
{
	while (first && str_casecmp(first->name, name) != 0)
		first = first->next;
	return first ? first->value : NULL;
}

/* ---- text for people ---------------------------------------------------------------------- */

/* Appends a value with its %XX decoded. */
static void add_percent(struct buf *out, const char *value)
{
	for (; *value; value++) {
		uint8_t byte;

		if (*value == '%' && value[1] && value[2]) {
			char two[3] = { value[1], value[2], '\0' };

			if (str_unhex(&byte, two, 1)) {
				buf_addc(out, (char)byte);
				value += 2;
				continue;
			}
		}
		buf_addc(out, *value);
	}
}

/* One piece of a value (RFC 2231 3, 4): "name*", "name*0", "name*0*". */
struct piece {
	const char *value;
	bool encoded;
};

/* Which piece of `name` is it?  False: of another attribute. */
static bool piece_parse(const struct attribute *attribute, const char *name, size_t *number,
			struct piece *piece)
{
	size_t size = strlen(name);
	const char *rest = attribute->name + size;

	if (str_ncasecmp(attribute->name, name, size) != 0 || *rest != '*')
		return false;
	*piece = (struct piece){ attribute->value, false };
	*number = 0;
	rest++;
	if (!*rest) {
		piece->encoded = true;
		return true;
	}
	do {
		if (*rest < '0' || *rest > '9')
			return false;
		*number = *number * 10 + (size_t)(*rest++ - '0');
	} while (*rest && *rest != '*' && *number < PIECES_MOST);
	piece->encoded = *rest == '*';
	return *number < PIECES_MOST && (!*rest || !rest[1]);
}

/* Joins the pieces: bytes in some character set.  False: there are none. */
static bool pieces_join(const struct attribute *first, const char *name, struct buf *bytes,
			struct charset **charset)
{
	struct piece pieces[PIECES_MOST] = { 0 };

	*charset = NULL;
	for (; first; first = first->next) {
		struct piece piece;
		size_t number;

		if (piece_parse(first, name, &number, &piece) && !pieces[number].value)
			pieces[number] = piece;
	}
	for (size_t i = 0; i < PIECES_MOST && pieces[i].value; i++) {
		const char *value = pieces[i].value;

		/* The first one tells the set and the language: utf-8'en'text. */
		if (i == 0 && pieces[i].encoded) {
			size_t set = strcspn(value, "'");
			const char *text = value[set] ? strchr(value + set + 1, '\'') : NULL;

			if (text) {
				*charset = charset_find(value, set);
				value = text + 1;
			}
		}
		if (pieces[i].encoded)
			add_percent(bytes, value);
		else
			buf_adds(bytes, value);
	}
	return pieces[0].value != NULL;
}

/* Bytes without a word about their set: UTF-8, or what was once usual. */
static void guess(const char *data, size_t size, struct buf *out)
{
	if (str_utf8(data, size))
		buf_add(out, data, size);
	else
		charset_convert(charset_find("windows-1252", 12), data, size, out);
}

const char *attribute_text(const struct attribute *first, const char *name, size_t most, struct arena *arena)
{
	const char *plain = attribute_value(first, name), *text = NULL;
	struct charset *charset;
	struct buf bytes, out;
	char *cleaned = NULL;

	buf_init(&bytes, VALUE_MOST);
	buf_init(&out, 4 * VALUE_MOST);
	if (pieces_join(first, name, &bytes, &charset)) {
		if (charset)
			charset_convert(charset, bytes.data, bytes.size, &out);
		else
			guess(bytes.data, bytes.size, &out);
		/* Some put encoded words into pieces. */
		cleaned = words_decode(out.data, most);
	} else if (plain) {
		guess(plain, strlen(plain), &out);
		cleaned = words_decode(out.data, most);
	}
	if (cleaned && *cleaned)
		text = arena_str(arena, cleaned);
	free(cleaned);
	buf_free(&out);
	buf_free(&bytes);
	return text;
}
