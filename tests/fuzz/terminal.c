/* Fuzz target: any bytes, made safe for a terminal. */
#include "fuzz/expect.h"

#include "base/buf.h"
#include "base/str.h"
#include "base/terminal.h"

#include <string.h>

static void expect_safe(const char *text, size_t size)
{
	EXPECT(str_utf8(text, size));
	while (size) {
		uint32_t code = 0;
		size_t length = str_utf8_next(text, size, &code);

		EXPECT(code >= 0x20 && code != 0x7f && (code < 0x80 || code > 0x9f));
		EXPECT(code < 0x202a || code > 0x202e); /* embeddings, overrides */
		EXPECT(code < 0x2066 || code > 0x2069); /* isolates */
		EXPECT(code != 0x200e && code != 0x200f && code != 0x061c);
		text += length;
		size -= length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice;

	buf_init(&once, 9 * size);
	buf_init(&twice, 9 * size);
	terminal_safe(&once, (const char *)data, size);
	EXPECT(!once.over && once.size >= size);
	expect_safe(once.data, once.size);
	terminal_safe(&twice, once.data, once.size);
	EXPECT(twice.size == once.size && memcmp(once.data, twice.data, once.size) == 0);
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
