/* Fuzz target: HTML as text.  The first byte chooses the character set that is told. */
#include "fuzz/expect.h"

#include "base/buf.h"
#include "base/str.h"
#include "format/html.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = { NULL, "utf-8", "iso-8859-1", "shift_jis", "koi8-r", "gb18030" };
	const char *charset = size ? charsets[data[0] % (sizeof charsets / sizeof *charsets)] : NULL;
	struct buf out, again;

	buf_init(&out, SIZE_MAX);
	buf_init(&again, SIZE_MAX);
	EXPECT(!html_text((const char *)data + (size > 0), size - (size > 0), charset, &out));
	EXPECT(!html_text((const char *)data + (size > 0), size - (size > 0), charset, &again));
	EXPECT(out.size == again.size && memcmp(out.data, again.data, out.size) == 0);
	EXPECT(str_utf8(out.data, out.size) && strlen(out.data) == out.size && out.size < 2 * HTML_TEXT);
	for (const char *line = out.data; *line; line = strchr(line, '\n') + 1) {
		EXPECT(strchr(line, '\n') && strchr(line, '\n') - line <= 998);
		for (const char *c = line; *c != '\n'; c++)
			EXPECT((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	buf_free(&out);
	buf_free(&again);
	return 0;
}
