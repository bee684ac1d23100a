/* Fuzz target: a message from the wire to its form on disk and back.  The first byte is the size of
 * the pieces. */
#include "fuzz/expect.h"

#include "store/body.h"

#include <string.h>

static bool needs_wire(const uint8_t *wire, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (wire[i] == '\n' && (i < 1 || wire[i - 1] != '\r' || (i > 1 && wire[i - 2] == '\r')))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? 1u + data[0] : 1;
	size_t room = 2 + piece;
	char *chunk = malloc(room);
	uint8_t *back = malloc(size + 1);
	struct body *body, *again;
	uint64_t offset = 0;
	size_t total = 0;
	size_t got;

	EXPECT(back && chunk);
	if (size) {
		data++;
		size--;
	}
	EXPECT(!body_begin(NULL, BODY_MAIL, &body));
	for (size_t done = 0; done < size; done += piece)
		EXPECT(!body_add_wire(body, data + done, piece < size - done ? piece : size - done));
	EXPECT(!body_end(body));
	EXPECT(body->wire == needs_wire(data, size));
	EXPECT(body_wire_size(body) == size);
	do {
		EXPECT(!body_read_wire(body, &offset, chunk, room, &got));
		EXPECT(got <= room && got <= size - total);
		memcpy(back + total, chunk, got);
		total += got;
	} while (got);
	EXPECT(total == size && memcmp(back, data, size) == 0);

	/* The same bytes as a user's file: every line end becomes CRLF, all else stays. */
	EXPECT(!body_of_memory(data, size, BODY_MAIL, &again));
	offset = total = 0;
	do {
		EXPECT(!body_read_wire(again, &offset, chunk, room, &got));
		EXPECT(got <= room);
		total += got;
	} while (got);
	EXPECT(total == body_wire_size(again));
	EXPECT(digest_equal(&body->print.head, &again->print.head));
	body_free(again);
	body_free(body);
	free(chunk);
	free(back);
	return 0;
}
