/* Text form: recognising one, also when other programs wrote it anew: with other header fields, other
 * boundaries, other encodings, or as an attachment of another message. */
#include "format/textform.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/mime.h"
#include "format/textform_room.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct textform_find {
	struct arena *arena;
	struct structure *structure;
	struct mime *mime;
};

/* ---- one mark ----------------------------------------------------------------------------- */

/* The next word of the text, at most `most` bytes. */
static bool word_take(const char **at, char *word, size_t most)
{
	size_t size;

	*at += strspn(*at, " \t");
	size = strcspn(*at, " \t");
	if (size == 0 || size > most)
		return false;
	memcpy(word, *at, size);
	word[size] = '\0';
	*at += size;
	return true;
}

static bool number_take(const char **at, uint32_t *number)
{
	char word[11];

	return word_take(at, word, sizeof word - 1) && str_u32(word, number) && *number;
}

static bool consists_of(const char *word, const char *more)
{
	for (; *word; word++)
		if (!((*word >= '0' && *word <= '9') || strchr(more, *word)))
			return false;
	return true;
}

bool textform_mark_read(const char *text, struct textform_mark *mark)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-";
	char hex[2 * DIGEST_SIZE + 1];

	memset(mark, 0, sizeof *mark);
	if (!word_take(&text, mark->account, TEXTFORM_ACCOUNT) || !consists_of(mark->account, letters) ||
	    !number_take(&text, &mark->validity) || !number_take(&text, &mark->uid) ||
	    !word_take(&text, mark->section, sizeof mark->section - 1) || !consists_of(mark->section, ".") ||
	    !word_take(&text, hex, sizeof hex - 1) || !str_unhex(mark->head.bytes, hex, DIGEST_SIZE))
		return false;
	text += strspn(text, " \t");
	return !*text && digest_known(&mark->head);
}

/* ---- a file ------------------------------------------------------------------------------- */

static const char mark_name[] = "X-Koc-Part";

/* Looks for the name in one piece. */
static bool names_mark(const char *data, size_t size)
{
	const char *at = data, *end = data + size;

	/* Its first dash: base64 has none. */
	while ((at = memchr(at, '-', (size_t)(end - at)))) {
		if (at > data && (size_t)(end - at) >= sizeof mark_name - 2 &&
		    strncasecmp(at - 1, mark_name, sizeof mark_name - 1) == 0)
			return true;
		at++;
	}
	return false;
}

void textform_hint_add(struct textform_hint *hint, const void *data, size_t size)
{
	enum { KEPT = sizeof mark_name - 2 };
	char seam[2 * KEPT];
	size_t begin = size < KEPT ? size : KEPT;

	if (hint->seen || !size)
		return;
	memcpy(seam, hint->tail, hint->tail_size);
	memcpy(seam + hint->tail_size, data, begin);
	hint->seen = names_mark(seam, hint->tail_size + begin) || names_mark(data, size);
	if (size >= KEPT) {
		memcpy(hint->tail, (const char *)data + size - KEPT, KEPT);
		hint->tail_size = KEPT;
		return;
	}
	begin = hint->tail_size + size; /* all that was not looked through together */
	memmove(hint->tail, seam + (begin > KEPT ? begin - KEPT : 0), begin > KEPT ? KEPT : begin);
	hint->tail_size = begin > KEPT ? KEPT : begin;
}

struct textform_find *textform_find_begin(void)
{
	struct textform_find *find = memory_alloc(sizeof *find);

	find->arena = arena_new();
	find->structure = structure_new(find->arena);
	find->mime = mime_begin(find->structure);
	return find;
}

bool textform_find_add(struct textform_find *find, const void *data, size_t size)
{
	const struct structure_part *root = find->structure->root;

	mime_add(find->mime, data, size);
	/* A message of one part that is neither a stub nor a message has none in it. */
	return !*root->type || structure_is(root, "multipart", NULL) || structure_is(root, "message", NULL);
}

bool mark_same(const struct textform_mark *a, const struct textform_mark *b)
{
	return strcmp(a->account, b->account) == 0 && a->validity == b->validity && a->uid == b->uid &&
	       digest_equal(&a->head, &b->head);
}

bool is_enclosed(const struct structure_part *part)
{
	while ((part = part->parent))
		if (structure_is(part, "message", NULL))
			return true;
	return false;
}

void found_read(const struct structure *structure, struct textform_found *found)
{
	const struct structure_part *root = structure->root;

	memset(found, 0, sizeof *found);
	for (const struct structure_part *part = root; part; part = structure_next(root, part)) {
		struct textform_mark mark;
		bool enclosed;

		if (!part->mark || !structure_is(part, "message", "external-body") ||
		    !textform_mark_read(part->mark, &mark))
			continue;
		enclosed = is_enclosed(part);
		if (!found->stubs || (found->enclosed && !enclosed)) {
			found->mark = mark;
			found->enclosed = enclosed;
			found->mixed = false;
		} else if (found->enclosed == enclosed && !mark_same(&found->mark, &mark)) {
			found->mixed = true;
		}
		found->stubs++;
	}
}

void textform_find_end(struct textform_find *find, struct textform_found *found)
{
	mime_end(find->mime);
	found_read(find->structure, found);
	arena_free(find->arena);
	free(find);
}
