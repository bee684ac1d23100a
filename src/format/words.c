/* Words: a reader of RFC 2047 encoded words.  Our own, since it must take any bytes from anybody and
 * be as lenient as mail programs are: words split within a character are joined, words that touch
 * other text are decoded too. */
#include "format/words.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/charset.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define CHARSET_MOST 24

/* Of base64. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Adds as much as there is room for. */
static void add(struct buf *out, const char *data, size_t size)
{
	size_t room = out->limit - out->size;

	buf_add(out, data, size < room ? size : room);
}

/* ---- one encoded word --------------------------------------------------------------------- */

struct word {
	struct charset *charset;
	char encoding; /* 'b' or 'q' */
	const char *text, *text_end;
	const char *end;
};

/* "=?charset?encoding?text?=" (RFC 2047 2); a language may follow the charset (RFC 2231 5). */
static bool word_parse(const char *at, struct word *word)
{
	size_t name, language;

	if (at[0] != '=' || at[1] != '?')
		return false;
	at += 2;
	name = strcspn(at, "?* ");
	if (name > CHARSET_MOST)
		return false;
	word->charset = charset_find(at, name);
	language = strcspn(at + name, "? ");
	at += name + language;
	if (!word->charset || at[0] != '?' || !at[1] || at[2] != '?')
		return false;
	word->encoding = at[1] | 0x20;
	if (word->encoding != 'b' && word->encoding != 'q')
		return false;
	word->text = at + 3;
	word->text_end = word->text + strcspn(word->text, "?");
	if (word->text_end[0] != '?' || word->text_end[1] != '=')
		return false;
	word->end = word->text_end + 2;
	return true;
}

static int hex_digit(char c)
{
	uint8_t value;
	char two[3] = { '0', c, '\0' };

	return c && str_unhex(&value, two, 1) ? value : -1;
}

static void decode_q(const struct word *word, struct buf *out)
{
	for (const char *at = word->text; at < word->text_end; at++) {
		if (*at == '=' && word->text_end - at > 2 && hex_digit(at[1]) >= 0 &&
		    hex_digit(at[2]) >= 0) {
			buf_addc(out, (char)(hex_digit(at[1]) << 4 | hex_digit(at[2])));
			at += 2;
		} else {
			buf_addc(out, *at == '_' ? ' ' : *at);
		}
	}
}

/* What is no base64 is passed over (RFC 2045 6.8). */
static void decode_b(const struct word *word, struct buf *out)
{
	unsigned bits = 0;
	int held = 0;

	for (const char *at = word->text; at < word->text_end && *at != '='; at++) {
		const char *digit = strchr(alphabet, *at);

		if (!digit)
			continue;
		bits = (bits << 6 | (unsigned)(digit - alphabet)) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			buf_addc(out, (char)(bits >> held & 0xff));
		}
	}
}

/* ---- text --------------------------------------------------------------------------------- */

/* Decodes the words from `at` on that are of one character set and follow each other: together, for
 * some programs split them within a character.  Returns where the text goes on. */
static const char *run_decode(const char *at, const struct word *first, struct buf *out)
{
	struct word word = *first;
	struct buf bytes;

	buf_init(&bytes, strlen(at)); /* decoding never makes more */
	for (;;) {
		const char *next;

		if (word.encoding == 'b')
			decode_b(&word, &bytes);
		else
			decode_q(&word, &bytes);
		at = word.end;
		/* Space between two encoded words is none (RFC 2047 6.2). */
		next = at + strspn(at, " ");
		if (!word_parse(next, &word))
			break;
		at = next;
		if (word.charset != first->charset)
			break;
	}
	charset_convert(first->charset, bytes.data, bytes.size, out);
	buf_free(&bytes);
	return at;
}

static char *clean(const char *text, size_t size, size_t most)
{
	struct buf out;
	char *result;

	buf_init(&out, most);
	while (size) {
		uint32_t code = 0;
		size_t length = str_utf8_next(text, size, &code);

		if (!length)
			buf_add(&out, REPLACEMENT, 3);
		else if (code < 0x20 || (code >= 0x7f && code <= 0x9f))
			buf_addc(&out, ' ');
		else
			buf_add(&out, text, length);
		if (out.over)
			break;
		length = length ? length : 1;
		text += length;
		size -= length;
	}
	result = memory_str(out.data);
	buf_free(&out);
	return result;
}

char *words_clean(const char *text, size_t most)
{
	return clean(text, strlen(text), most);
}

char *words_decode(const char *text, size_t most)
{
	struct buf out;
	struct word word;
	char *result;

	/* One more than fits, a whole character if it is one, so that cleaning sees what is cut. */
	buf_init(&out, most + 4);
	while (*text && out.size < out.limit) {
		const char *next;

		if (word_parse(text, &word)) {
			text = run_decode(text, &word, &out);
			continue;
		}
		next = strstr(text + 1, "=?");
		if (!next)
			next = text + strlen(text);
		add(&out, text, (size_t)(next - text));
		text = next;
	}
	result = clean(out.data, out.size, most);
	buf_free(&out);
	return result;
}

/* ---- the other way ------------------------------------------------------------------------ */

#define PLAIN_MOST ((size_t)900) /* of a line (RFC 5322 2.1.1) */
#define WORD_BYTES 45            /* as base64 and with all around it 72 (RFC 2047 2: 75) */

static bool is_plain(const char *text)
{
	if (strlen(text) > PLAIN_MOST || strstr(text, "=?"))
		return false;
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void add_base64(struct buf *out, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		unsigned bits = (unsigned)(unsigned char)data[i] << 16;

		if (left > 1)
			bits |= (unsigned)(unsigned char)data[i + 1] << 8;
		if (left > 2)
			bits |= (unsigned char)data[i + 2];
		buf_addc(out, alphabet[bits >> 18]);
		buf_addc(out, alphabet[bits >> 12 & 63]);
		buf_addc(out, left > 1 ? alphabet[bits >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? alphabet[bits & 63] : '=');
	}
}

void words_encode(struct buf *out, const char *text)
{
	char *cleaned = words_clean(text, SIZE_MAX);
	size_t left = strlen(cleaned);

	if (is_plain(cleaned)) {
		buf_adds(out, cleaned);
		left = 0;
	}
	for (const char *at = cleaned; left;) {
		size_t size = 0, next;
		uint32_t code;

		/* Whole characters (RFC 2047 5). */
		while (size < left && (next = str_utf8_next(at + size, left - size, &code)) &&
		       size + next <= WORD_BYTES)
			size += next;
		buf_adds(out, at == cleaned ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		add_base64(out, at, size);
		buf_adds(out, "?=");
		at += size;
		left -= size;
	}
	free(cleaned);
}
