/* Fuzz target: what a server sends, through the gate and libetpan.  The first byte is the size of the
 * pieces in which it arrives: what comes out must not depend on it. */
#include "fuzz/expect.h"

#include "answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? 1u + data[0] : 1;
	struct buf whole, pieces;

	if (size) {
		data++;
		size--;
	}
	buf_init(&whole, (size_t)16 << 20);
	buf_init(&pieces, (size_t)16 << 20);
	answers_show(&whole, data, size, 65536, "");
	answers_show(&pieces, data, size, piece, "");
	EXPECT(whole.size == pieces.size && memcmp(whole.data, pieces.data, whole.size) == 0);
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
