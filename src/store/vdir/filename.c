/* Filename: names of items' files. */
#include "store/vdir/filename.h"

#include "base/str.h"
#include "store/path.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The UIDs that are file names: those of this size, of these characters. */
#define KEY_MOST 200
#define KEY_SAFE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@+-"

/* What temporary files' names begin with; what files in a swap have behind that ends in a dot (swap.h). */
#define TEMPORARY ".koc-"

static const char *suffix_of(enum kind kind)
{
	return kind == KIND_CONTACTS ? ".vcf" : ".ics";
}

bool filename_is_collection(const char *path, enum kind *kind)
{
	for (enum kind k = 0; k < KINDS; k++) {
		const struct kind_traits *traits = kind_traits(k);
		size_t size = strlen(traits->root);

		if (!traits->keyed || strncmp(path, traits->root, size) != 0 || path[size] != '/')
			continue;
		*kind = k;
		return !strchr(path + size + 1, '/') && path_check(path + size + 1) == PATH_GOOD;
	}
	return false;
}

bool filename_is_item(enum kind kind, const char *name)
{
	return *name != '.' && str_ends(name, suffix_of(kind)) && strlen(name) < FILENAME_ROOM &&
	       !strchr(name, '/');
}

bool filename_is_temporary(const char *name)
{
	return str_starts(name, TEMPORARY) && !strchr(name + sizeof TEMPORARY - 1, '.');
}

/* ---- new ones ----------------------------------------------------------------------------- */

static bool key_is_safe(const char *key)
{
	size_t size = strlen(key);

	return size && size <= KEY_MOST && *key != '.' && strspn(key, KEY_SAFE) == size;
}

void filename_of_digest(char out[FILENAME_ROOM], const char *key, const struct digest *bytes)
{
	struct digest digest = key ? digest_of(key, strlen(key)) : *bytes;

	str_hex(out, digest.bytes, DIGEST_SIZE / 2);
}

void filename_of_key(char out[FILENAME_ROOM], const char *key, const struct digest *bytes)
{
	if (key && key_is_safe(key))
		snprintf(out, FILENAME_ROOM, "%s", key);
	else
		filename_of_digest(out, key, bytes);
}

#define DIGITS_MOST 8

/* Puts the first n bytes of a digest behind the stem, which may be `out`. */
static void add_digits(char out[FILENAME_ROOM], const char *stem, const struct digest *digest, size_t n)
{
	char digits[2 * DIGITS_MOST + 1], made[FILENAME_ROOM];

	str_hex(digits, digest->bytes, n);
	snprintf(made, sizeof made, "%.*s-%s", KEY_MOST, stem, digits);
	memcpy(out, made, sizeof made);
}

void filename_of_other(char out[FILENAME_ROOM], const char *stem, const char *key)
{
	struct digest digest = digest_of(key ? key : stem, strlen(key ? key : stem));

	add_digits(out, stem, &digest, 4);
}

void filename_of_many(char out[FILENAME_ROOM], const char *stem, const struct digest *bytes)
{
	add_digits(out, stem, bytes, DIGITS_MOST);
}

/* The size of the text without what stands of its last character behind `most`. */
static size_t cut_at(const char *text, size_t most)
{
	size_t size = strlen(text);

	if (size <= most)
		return size;
	/* Back to the first byte of a UTF-8 sequence. */
	while (most && ((uint8_t)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

void filename_of_item(char out[FILENAME_ROOM], enum kind kind, const char *name)
{
	size_t size = strlen(name);

	if (str_ends(name, suffix_of(kind)))
		size -= strlen(suffix_of(kind));
	snprintf(out, FILENAME_ROOM, "%.*s", (int)size, name);
}

bool filename_of_wish(char out[FILENAME_ROOM], enum kind kind, const char *wish)
{
	if (strlen(wish) >= FILENAME_ROOM)
		return false;
	filename_of_item(out, kind, wish);
	if (!*out || *out == '.' || strlen(out) + strlen(suffix_of(kind)) >= FILENAME_ROOM)
		return false;
	for (const char *c = out; *c; c++)
		if (*c == '/' || (uint8_t)*c < 0x20 || *c == 0x7f)
			return false;
	return true;
}

void filename_build(char out[FILENAME_ROOM], enum kind kind, const char *stem, unsigned n)
{
	char tail[24] = "";
	size_t most;

	if (n > 1)
		snprintf(tail, sizeof tail, "-%u", n);
	most = FILENAME_ROOM - 1 - strlen(tail) - strlen(suffix_of(kind));
	snprintf(out, FILENAME_ROOM, "%.*s%s%s", (int)cut_at(stem, most), stem, tail, suffix_of(kind));
}
