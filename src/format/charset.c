/* Charset: iconv(3), behind a table of the sets that mail is written in. */
#include "format/charset.h"

#include "base/buf.h"
#include "base/str.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Character sets of mail.  Only these reach iconv(3): its other converters have had holes, and some
 * sets (UTF-7) hide characters.  A converter stays open: opening costs more than converting. */
static struct charset {
	const char *name;
	const char *iconv_name; /* NULL: bytes are UTF-8 as they are */
	iconv_t converter;
	bool opened;
} charsets[] = {
	{ .name = "utf-8" },
	{ .name = "utf8" },
	{ .name = "us-ascii" },
	{ .name = "ascii" },
	{ .name = "iso-8859-1", .iconv_name = "ISO-8859-1" },
	{ .name = "latin1", .iconv_name = "ISO-8859-1" },
	{ .name = "iso-8859-2", .iconv_name = "ISO-8859-2" },
	{ .name = "iso-8859-3", .iconv_name = "ISO-8859-3" },
	{ .name = "iso-8859-4", .iconv_name = "ISO-8859-4" },
	{ .name = "iso-8859-5", .iconv_name = "ISO-8859-5" },
	{ .name = "iso-8859-6", .iconv_name = "ISO-8859-6" },
	{ .name = "iso-8859-7", .iconv_name = "ISO-8859-7" },
	{ .name = "iso-8859-8", .iconv_name = "ISO-8859-8" },
	{ .name = "iso-8859-8-i", .iconv_name = "ISO-8859-8" },
	{ .name = "iso-8859-9", .iconv_name = "ISO-8859-9" },
	{ .name = "iso-8859-10", .iconv_name = "ISO-8859-10" },
	{ .name = "iso-8859-13", .iconv_name = "ISO-8859-13" },
	{ .name = "iso-8859-14", .iconv_name = "ISO-8859-14" },
	{ .name = "iso-8859-15", .iconv_name = "ISO-8859-15" },
	{ .name = "iso-8859-16", .iconv_name = "ISO-8859-16" },
	{ .name = "windows-874", .iconv_name = "CP874" },
	{ .name = "tis-620", .iconv_name = "TIS-620" },
	{ .name = "windows-1250", .iconv_name = "CP1250" },
	{ .name = "windows-1251", .iconv_name = "CP1251" },
	{ .name = "windows-1252", .iconv_name = "CP1252" },
	{ .name = "cp1252", .iconv_name = "CP1252" },
	{ .name = "windows-1253", .iconv_name = "CP1253" },
	{ .name = "windows-1254", .iconv_name = "CP1254" },
	{ .name = "windows-1255", .iconv_name = "CP1255" },
	{ .name = "windows-1256", .iconv_name = "CP1256" },
	{ .name = "windows-1257", .iconv_name = "CP1257" },
	{ .name = "windows-1258", .iconv_name = "CP1258" },
	{ .name = "koi8-r", .iconv_name = "KOI8-R" },
	{ .name = "koi8-u", .iconv_name = "KOI8-U" },
	{ .name = "iso-2022-jp", .iconv_name = "ISO-2022-JP" },
	{ .name = "euc-jp", .iconv_name = "EUC-JP" },
	{ .name = "shift_jis", .iconv_name = "CP932" },
	{ .name = "gb2312", .iconv_name = "GB18030" },
	{ .name = "gbk", .iconv_name = "GB18030" },
	{ .name = "gb18030", .iconv_name = "GB18030" },
	{ .name = "big5", .iconv_name = "BIG5" },
	{ .name = "euc-kr", .iconv_name = "CP949" },
	{ .name = "ks_c_5601-1987", .iconv_name = "CP949" },
};

struct charset *charset_find(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
		if (strlen(charsets[i].name) == size && str_ncasecmp(charsets[i].name, name, size) == 0)
			return &charsets[i];
	return NULL;
}

/* Adds as much as there is room for. */
static void add(struct buf *out, const char *data, size_t size)
{
	size_t room = out->limit - out->size;

	buf_add(out, data, size < room ? size : room);
}

static bool charset_open(struct charset *charset)
{
	if (!charset->opened)
		charset->converter = iconv_open("UTF-8", charset->iconv_name);
	charset->opened = true;
	return charset->converter != (iconv_t)-1; /* the system may lack the converter */
}

void charset_convert(struct charset *charset, const char *data, size_t size, struct buf *out)
{
	char *from = (char *)data; /* which iconv(3) does not change */
	size_t left = size;
	char chunk[512];

	if (!charset->iconv_name || !charset_open(charset)) {
		add(out, data, size);
		return;
	}
	iconv(charset->converter, NULL, NULL, NULL, NULL);
	while (left && out->size < out->limit) {
		char *to = chunk;
		size_t room = sizeof chunk;
		size_t done = iconv(charset->converter, &from, &left, &to, &room);
		int error = done == (size_t)-1 ? errno : 0;

		add(out, chunk, (size_t)(to - chunk));
		if (error == EILSEQ && left) {
			add(out, REPLACEMENT, 3);
			from++;
			left--;
		} else if (error != E2BIG || to == chunk) {
			if (left)
				add(out, REPLACEMENT, 3); /* a character cut off */
			break;
		}
	}
}
