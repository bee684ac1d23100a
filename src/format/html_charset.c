/* HTML clean: which character set a document is in.  What is told outside of it comes first. */
#include "format/html_clean.h"

#include "base/buf.h"
#include "base/str.h"
#include "format/charset.h"

#include <string.h>

#define SNIFF_MOST ((size_t)2048) /* bytes in which a document tells its character set */

/* The set that the document tells, in a meta element or an XML declaration; NULL none that is known. */
static struct charset *sniff(const char *html, size_t size)
{
	static const char *const words[] = { "charset=", "encoding=" };

	size = size < SNIFF_MOST ? size : SNIFF_MOST;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t length = strlen(words[i]);

		for (size_t at = 0; at + length < size; at++) {
			const char *name = html + at + length;
			size_t most = size - at - length, used = 0;

			if (str_ncasecmp(html + at, words[i], length) != 0)
				continue;
			while (most && strchr("\"' ", *name)) {
				name++;
				most--;
			}
			while (used < most && name[used] > ' ' && !strchr("\"';/>", name[used]))
				used++;
			return charset_find(name, used);
		}
	}
	return NULL;
}

static struct charset *named(const char *name)
{
	/* What calls itself so may be all that begins so. */
	static const char *const latin[] = { "iso-8859-1", "latin1", "windows-1252" };
	static const char *const ascii[] = { "us-ascii", "ascii" };

	for (size_t i = 0; name && i < sizeof ascii / sizeof *ascii; i++)
		if (str_casecmp(name, ascii[i]) == 0)
			return NULL;
	for (size_t i = 0; name && i < sizeof latin / sizeof *latin; i++)
		if (str_casecmp(name, latin[i]) == 0)
			name = "windows-1252";
	return name ? charset_find(name, strlen(name)) : NULL;
}

void html_decode(const char *html, size_t size, const char *name, struct buf *out)
{
	struct charset *charset = named(name);

	if (size >= 3 && memcmp(html, "\xef\xbb\xbf", 3) == 0)
		charset = charset_find("utf-8", 5);
	if (!charset && !str_utf8(html, size))
		charset = sniff(html, size);
	/* One that cannot be: the bytes are no UTF-8. */
	if (!charset)
		charset = charset_find(str_utf8(html, size) ? "utf-8" : "windows-1252",
				       str_utf8(html, size) ? 5 : 12);
	charset_convert(charset, html, size, out);
}
