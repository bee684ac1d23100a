/* Fuzz target: the structure of a message from its bytes, and transfer encodings.  The first byte is the
 * size of the pieces it is fed in. */
#include "fuzz/expect.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "format/mime.h"
#include "format/transfer.h"

#include <string.h>

static struct structure *read_pieces(struct arena *arena, const uint8_t *data, size_t size, size_t piece)
{
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);

	for (size_t at = 0; at < size; at += piece)
		mime_add(mime, data + at, size - at < piece ? size - at : piece);
	mime_end(mime);
	return structure;
}

static bool same_text(const char *a, const char *b)
{
	EXPECT(!a || (*a && strlen(a) <= STRUCTURE_NAME && str_utf8(a, strlen(a))));
	return !a == !b && (!a || strcmp(a, b) == 0);
}

/* Whatever the pieces were; and parts lie within each other. */
static void expect_same(const struct structure *a, const struct structure *b, size_t size)
{
	const struct structure_part *x = a->root, *y = b->root;

	EXPECT(a->count == b->count && a->count <= STRUCTURE_PARTS && a->cut == b->cut);
	for (; x && y; x = structure_next(a->root, x), y = structure_next(b->root, y)) {
		EXPECT(strcmp(x->section, y->section) == 0 && strcmp(x->type, y->type) == 0);
		EXPECT(same_text(x->name, y->name) && same_text(x->subject, y->subject));
		EXPECT(same_text(x->description, y->description));
		EXPECT(x->octets == y->octets && x->lines == y->lines);
		EXPECT(x->header_at <= x->body_at && x->body_at <= x->end_at && x->end_at <= size);
		EXPECT(x->octets >= x->end_at - x->body_at || x->first);
		EXPECT(x->octets <= 2 * (x->end_at - x->body_at));
		if (x->parent)
			EXPECT(x->header_at >= x->parent->body_at && x->end_at <= x->parent->end_at);
		EXPECT(x->depth <= STRUCTURE_DEPTH);
	}
	EXPECT(!x && !y);
}

static void expect_decoded(const char *name, const uint8_t *data, size_t size, size_t piece)
{
	struct transfer_run whole = { .how = transfer_of(name) }, pieces = whole;
	struct buf a, b;

	buf_init(&a, SIZE_MAX);
	buf_init(&b, SIZE_MAX);
	transfer_add(&whole, (const char *)data, size, &a);
	transfer_end(&whole, &a);
	for (size_t at = 0; at < size; at += piece)
		transfer_add(&pieces, (const char *)data + at, size - at < piece ? size - at : piece, &b);
	transfer_end(&pieces, &b);
	EXPECT(a.size == b.size && memcmp(a.data, b.data, a.size) == 0 && a.size <= size);
	buf_free(&a);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	size_t piece = size ? 1u + data[0] : 1;

	if (size) {
		data++;
		size--;
	}
	expect_same(read_pieces(arena, data, size, size + 1), read_pieces(arena, data, size, piece), size);
	EXPECT(arena_size(arena) < (size_t)64 << 20);
	expect_decoded("base64", data, size, piece);
	expect_decoded("quoted-printable", data, size, piece);
	arena_free(arena);
	return 0;
}
