/* XML clean: a machine over bytes that holds back what is known only with the bytes behind it: a UTF-8
 * sequence, a numeric character reference, a mark that begins or ends a section. */
#include "net/xml_clean.h"

#include "base/str.h"

#include <stdint.h>
#include <string.h>

/* May it stand in an XML document (XML 1.0, production 2)?
 * QUIRK(several): servers put an item's bytes into XML as they are. */
static bool allowed(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return (code < 0xd800 || code > 0xdfff) && code != 0xfffe && code != 0xffff && code <= 0x10ffff;
}

/* How many bytes a sequence has that begins with this byte; 0: none begins so. */
static size_t sequence_size(unsigned char c)
{
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	if (c >= 0xf0 && c <= 0xf4)
		return 4;
	return 0;
}

static size_t put(char *out, const char *text)
{
	size_t size = strlen(text);

	memcpy(out, text, size);
	return size;
}

/* Puts a byte of ASCII. */
static size_t byte_put(struct xml_clean *clean, unsigned char c, char *out)
{
	if (!allowed(c)) {
		clean->dropped++;
		return 0;
	}
	if (clean->in == XML_CLEAN_CDATA && (c == '<' || c == '>' || c == '&'))
		return put(out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;");
	*out = (char)c;
	return 1;
}

/* ---- what is held ------------------------------------------------------------------------- */

static size_t held_put(struct xml_clean *clean, char *out)
{
	size_t size = clean->held_size;

	memcpy(out, clean->held, size);
	clean->held_size = 0;
	return size;
}

static size_t held_drop(struct xml_clean *clean)
{
	clean->dropped++;
	clean->held_size = 0;
	return 0;
}

/* Held bytes that are no character: each becomes one, U+FFFD. */
static size_t held_replace(struct xml_clean *clean, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < clean->held_size; i++)
		used += put(out + used, "\xef\xbf\xbd");
	clean->dropped += clean->held_size;
	clean->held_size = 0;
	return used;
}

/* One more byte of a UTF-8 sequence.  False: it does not belong to it, and nothing is held any more.
 * (The same holds for the next two.) */
static bool sequence_add(struct xml_clean *clean, unsigned char c, char *out, size_t *used)
{
	uint32_t code = 0;

	if ((c & 0xc0) != 0x80) {
		*used += held_replace(clean, out + *used);
		return false;
	}
	clean->held[clean->held_size++] = c;
	if (clean->held_size < sequence_size(clean->held[0]))
		return true;
	if (str_utf8_next((const char *)clean->held, clean->held_size, &code) != clean->held_size)
		*used += held_replace(clean, out + *used);
	else
		*used += allowed(code) ? held_put(clean, out + *used) : held_drop(clean);
	return true;
}

/* The number of a held reference "&#…;"; false when it is none. */
static bool reference_code(const struct xml_clean *clean, uint32_t *code)
{
	size_t i = 2;
	uint32_t base = 10;

	if (clean->held[i] == 'x') {
		base = 16;
		i++;
	}
	if (i + 1 >= clean->held_size)
		return false;
	*code = 0;
	for (; i + 1 < clean->held_size; i++) {
		unsigned char c = clean->held[i];
		uint32_t digit = c <= '9' ? c - (uint32_t)'0' : (c | 0x20u) - (uint32_t)'a' + 10;

		if (digit >= base)
			return false;
		if (*code <= 0x10ffff)
			*code = *code * base + digit;
	}
	return true;
}

/* May this byte stand at place `at` of "&#x10FFFF"? */
static bool reference_byte(size_t at, unsigned char c)
{
	if (at == 1)
		return c == '#';
	if (at == 2 && c == 'x')
		return true;
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool reference_add(struct xml_clean *clean, unsigned char c, char *out, size_t *used)
{
	uint32_t code;

	if (c == ';' && clean->held_size > 2) {
		clean->held[clean->held_size++] = c;
		if (reference_code(clean, &code) && !allowed(code))
			held_drop(clean);
		else
			*used += held_put(clean, out + *used);
		return true;
	}
	if (clean->held_size + 2 > XML_CLEAN_HELD || !reference_byte(clean->held_size, c)) {
		*used += held_put(clean, out + *used); /* the parser judges it */
		return false;
	}
	clean->held[clean->held_size++] = c;
	return true;
}

/* ---- sections ----------------------------------------------------------------------------- */

/* A mark, where it counts, and what comes behind it. */
static const struct mark {
	int in, next;
	const char *text;
	bool shown;
} marks[] = {
	/* QUIRK(libxml2): its push parser keeps a whole CDATA section before it gives out most of it, takes
	 * minutes for one of 10 MB, and leaves CR LF in it. */
	{ XML_CLEAN_TEXT, XML_CLEAN_CDATA, "<![CDATA[", false },
	{ XML_CLEAN_CDATA, XML_CLEAN_TEXT, "]]>", false },
	{ XML_CLEAN_TEXT, XML_CLEAN_COMMENT, "<!--", true },
	{ XML_CLEAN_COMMENT, XML_CLEAN_TEXT, "-->", true },
	{ XML_CLEAN_TEXT, XML_CLEAN_INSTRUCTION, "<?", true },
	{ XML_CLEAN_INSTRUCTION, XML_CLEAN_TEXT, "?>", true },
};

/* The mark that begins with what is held and this byte, NULL none. */
static const struct mark *mark_find(const struct xml_clean *clean, unsigned char c)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i].in == (int)clean->in &&
		    strncmp(marks[i].text, (const char *)clean->held, clean->held_size) == 0 &&
		    marks[i].text[clean->held_size] == (char)c)
			return &marks[i];
	return NULL;
}

static bool mark_add(struct xml_clean *clean, unsigned char c, char *out, size_t *used)
{
	const struct mark *mark = mark_find(clean, c);

	/* "]]]>" ends a section, "--->" a comment. */
	while (!mark && clean->held_size) {
		*used += byte_put(clean, clean->held[0], out + *used);
		memmove(clean->held, clean->held + 1, --clean->held_size);
		mark = mark_find(clean, c);
	}
	if (!mark)
		return false;
	clean->held[clean->held_size++] = c;
	if (mark->text[clean->held_size])
		return true;
	if (mark->shown)
		*used += held_put(clean, out + *used);
	clean->held_size = 0;
	clean->in = (unsigned)mark->next;
	return true;
}

/* ---- the stream --------------------------------------------------------------------------- */

/* Is it one of a BOM's bytes, or a blank, before the document?  (Alone they begin no document.) */
static bool before_document(unsigned char c)
{
	return c == 0xef || c == 0xbb || c == 0xbf || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes a byte that belongs to what is held, or that something begins with which is held. */
static bool held_add(struct xml_clean *clean, unsigned char c, char *out, size_t *used)
{
	if (clean->held_size) {
		unsigned char first = clean->held[0];

		if (first >= 0x80 ? sequence_add(clean, c, out, used)
		    : first == '&' ? reference_add(clean, c, out, used)
				   : mark_add(clean, c, out, used))
			return true;
	}
	if (c >= 0x80 || (c == '&' && clean->in == XML_CLEAN_TEXT)) {
		clean->held[clean->held_size++] = c;
		if (c >= 0x80 && !sequence_size(c))
			*used += held_replace(clean, out + *used);
		return true;
	}
	return mark_add(clean, c, out, used);
}

/* How many of these bytes nothing begins with, wherever they stand. */
static size_t plain_size(const char *data, size_t size)
{
	static const bool special[0x80] = { ['<'] = true, ['>'] = true, ['&'] = true,
					    [']'] = true, ['-'] = true, ['?'] = true };
	size_t i = 0;

	for (; i < size; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c < ' ' || c >= 0x80 || special[c])
			break;
	}
	return i;
}

size_t xml_clean_add(struct xml_clean *clean, const char *data, size_t size, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)data[i];
		size_t plain;

		if (!clean->begun && before_document(c))
			continue;
		clean->begun = true;
		plain = clean->held_size ? 0 : plain_size(data + i, size - i);
		if (plain) {
			memcpy(out + used, data + i, plain);
			used += plain;
			i += plain - 1;
			clean->cr = false;
			continue;
		}
		if (c == '\n' && clean->cr) {
			clean->cr = false;
			continue;
		}
		clean->cr = c == '\r';
		if (clean->cr)
			c = '\n';
		if (!held_add(clean, c, out, &used))
			used += byte_put(clean, c, out + used);
	}
	return used;
}

size_t xml_clean_end(struct xml_clean *clean, char *out)
{
	size_t used = 0;

	if (clean->held_size && clean->held[0] >= 0x80)
		return held_replace(clean, out);
	if (clean->held_size && clean->held[0] == '&')
		return held_put(clean, out);
	for (size_t i = 0; i < clean->held_size; i++)
		used += byte_put(clean, clean->held[i], out + used);
	clean->held_size = 0;
	return used;
}
