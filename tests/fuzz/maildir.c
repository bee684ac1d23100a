/* Fuzz target: what stands in a Maildir.  A file's name, a table of keywords, and a directory's
 * name, parted by NULs. */
#include "fuzz/expect.h"

#include "base/arena.h"
#include "base/buf.h"
#include "core/flags.h"
#include "store/maildir/letters.h"
#include "store/maildir/name.h"
#include "store/path.h"

#include <string.h>

static void names(const char *text)
{
	struct name name, again;
	char built[NAME_ROOM];

	name_parse(&name, text);
	EXPECT(name.base_size <= strlen(text) && (name.base_size || !*text));
	EXPECT(!(name.bits & ~(uint32_t)FLAG_ALL) && name.letters < 1u << 26);
	if (!name_build(built, &name)) {
		EXPECT(strlen(text) >= NAME_ROOM);
		return;
	}
	name_parse(&again, built);
	EXPECT(again.base_size == name.base_size && again.has_info == name.has_info);
	EXPECT(memcmp(again.base, name.base, name.base_size) == 0);
	EXPECT(again.bits == name.bits && again.letters == name.letters);
	EXPECT(again.capitals == name.capitals && strcmp(again.rest, name.rest) == 0);
	EXPECT(strlen(built) <= strlen(text));
	if (name_is_base(text))
		EXPECT(!name.has_info && name.base_size == strlen(text));
}

static void tables(const char *text)
{
	struct arena *arena = arena_new();
	struct letters letters = { 0 }, again = { 0 };
	uint32_t taken;
	bool assigned;

	letters_parse(&letters, text, strlen(text));
	taken = letters.taken;
	EXPECT(taken < 1u << 26 && !(letters.forwarded & ~taken));
	for (int i = 0; i < LETTERS; i++)
		if (letters.keyword[i])
			EXPECT(letters_of(&letters, letters.keyword[i]) & 1u << i);
	EXPECT(keywords_equal(letters_all(&letters, arena),
			      letters_keywords(&letters, arena, UINT32_MAX)));
	assigned = letters_assign(&letters, "koc-new", 0);
	letters_parse(&again, letters.text, letters.size);
	EXPECT(again.taken == letters.taken && again.forwarded == letters.forwarded);
	EXPECT(!assigned || (letters.taken != taken && letters_of(&again, "koc-new")));
	for (int i = 0; i < LETTERS; i++)
		EXPECT(!again.keyword[i] == !letters.keyword[i] &&
		       (!again.keyword[i] || strcmp(again.keyword[i], letters.keyword[i]) == 0));
	letters_free(&again);
	letters_free(&letters);
	arena_free(arena);
}

static void paths(const char *text, size_t size)
{
	struct buf path, back;

	buf_init(&path, 8 * size + 64);
	buf_init(&back, 8 * size + 64);
	path_component_escape(&path, text, size);
	EXPECT(!path.over && path_component_unescape(&back, path.data, path.size));
	EXPECT(back.size == size && memcmp(back.data, text, size) == 0);
	EXPECT(path.size > PATH_MOST || path_check(path.data) == PATH_GOOD ||
	       size > (PATH_DEPTH - 1) * 80);
	buf_clear(&back);
	if (size && !memchr(text, '/', size) && path_component_unescape(&back, text, size)) {
		buf_clear(&path);
		path_component_escape(&path, back.data, back.size);
		EXPECT(path.size == size && memcmp(path.data, text, size) == 0);
	}
	buf_free(&back);
	buf_free(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 3);
	char *table, *directory;

	EXPECT(text);
	memcpy(text, data, size);
	memset(text + size, 0, 3);
	table = text + strlen(text) + 1;
	if (table > text + size)
		table = text + size;
	directory = table + strlen(table) + 1;
	if (directory > text + size)
		directory = text + size;
	names(text);
	tables(table);
	paths(directory, (size_t)(text + size - directory));
	paths(text, strlen(text));
	free(text);
	return 0;
}
