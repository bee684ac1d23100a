/* Fuzz target: what a server sends, through the gate and libetpan.  The first byte is the size of the
 * pieces in which it arrives: what comes out must not depend on it. */
#include "fuzz/expect.h"

#include "answers.h"

static void both(const uint8_t *data, size_t size, size_t piece, const char *section)
{
	struct buf whole, pieces;

	buf_init(&whole, (size_t)16 << 20);
	buf_init(&pieces, (size_t)16 << 20);
	answers_show(&whole, data, size, 65536, section);
	answers_show(&pieces, data, size, piece, section);
	EXPECT(whole.size == pieces.size && memcmp(whole.data, pieces.data, whole.size) == 0);
	buf_free(&whole);
	buf_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? 1u + data[0] : 1;

	if (size) {
		data++;
		size--;
	}
	both(data, size, piece, "");
	both(data, size, piece, "*"); /* structures and sections */
	return 0;
}
