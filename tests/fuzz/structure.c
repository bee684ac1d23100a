/* Fuzz target: a BODYSTRUCTURE value. */
#include "fuzz/expect.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/imap/structure.h"

#include <string.h>

static void expect_text(const char *text)
{
	EXPECT(!text || (*text && strlen(text) <= STRUCTURE_NAME && str_utf8(text, strlen(text))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	char *text = malloc(size + 1);
	struct structure *structure;
	const struct structure_part *part;
	size_t count = 0;

	EXPECT(text);
	for (size_t i = 0; i < size; i++)
		text[i] = data[i] ? (char)data[i] : '\1'; /* as the gate does it */
	text[size] = '\0';
	structure = structure_read(arena, text, size);
	EXPECT(structure->root || structure->broken);
	for (part = structure->root; part; part = structure_next(structure->root, part), count++) {
		EXPECT(part->type && part->subtype && part->encoding && part->disposed && part->id);
		EXPECT(part->section && part->depth <= STRUCTURE_DEPTH);
		expect_text(part->name);
		expect_text(part->subject);
		expect_text(part->description);
	}
	EXPECT(count == structure->count && count <= STRUCTURE_PARTS);
	EXPECT(arena_size(arena) < (size_t)64 << 20);
	free(text);
	arena_free(arena);
	return 0;
}
