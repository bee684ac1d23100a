/* Fuzz target: what an item's UID, a wished name and a collection's path can be.  The three are parted by
 * NULs. */
#include "fuzz/expect.h"

#include "base/digest.h"
#include "store/vdir/filename.h"

#include <string.h>

/* Is it a name that leads to a file in its own directory, and to an item's? */
static void name_is_safe(enum kind kind, const char *name)
{
	EXPECT(filename_is_item(kind, name) && !filename_is_temporary(name));
	EXPECT(*name && *name != '.' && strlen(name) <= NAME_MAX && !strchr(name, '/'));
	for (const char *c = name; *c; c++)
		EXPECT((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void key(const char *text)
{
	struct digest bytes = digest_of(text, strlen(text));
	char stem[FILENAME_ROOM], other[FILENAME_ROOM], name[FILENAME_ROOM];

	for (enum kind kind = KIND_EVENTS; kind < KINDS; kind++) {
		filename_of_key(stem, *text ? text : NULL, &bytes);
		for (unsigned n = 1; n < 12; n++) {
			filename_build(name, kind, stem, n);
			name_is_safe(kind, name);
		}
		filename_of_other(other, stem, text);
		filename_build(name, kind, other, 9);
		name_is_safe(kind, name);
		filename_of_many(other, other, &bytes);
		filename_build(name, kind, other, 9);
		name_is_safe(kind, name);
	}
	/* What stays as it is can be told from what does not. */
	EXPECT(strcmp(stem, text) == 0 || strlen(stem) == DIGEST_SIZE);
}

static void wish(const char *text)
{
	char stem[FILENAME_ROOM], name[FILENAME_ROOM];

	for (enum kind kind = KIND_EVENTS; kind < KINDS; kind++) {
		if (filename_is_item(kind, text)) {
			filename_of_item(stem, kind, text);
			filename_build(name, kind, stem, 1);
			EXPECT(strcmp(name, text) == 0);
			filename_build(name, kind, stem, 99);
			EXPECT(filename_is_item(kind, name));
		}
		if (!filename_of_wish(stem, kind, text))
			continue;
		filename_build(name, kind, stem, 1);
		name_is_safe(kind, name);
		EXPECT(strncmp(name, text, strlen(stem)) == 0);
	}
}

static void path(const char *text)
{
	enum kind kind = KINDS;

	if (!filename_is_collection(text, &kind))
		return;
	EXPECT(kind_traits(kind)->keyed && strchr(text, '/') == strrchr(text, '/'));
	EXPECT(strchr(text, '/')[1] && strchr(text, '/')[1] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const end = (const char *)data + size;
	char text[3][6000] = { "" };
	size_t part = 0, used = 0;

	for (const char *c = (const char *)data; c < end && part < 3; c++) {
		if (!*c) {
			part++;
			used = 0;
		} else if (used + 1 < sizeof text[0]) {
			text[part][used++] = *c;
		}
	}
	key(text[0]);
	wish(text[1]);
	path(text[2]);
	return 0;
}
