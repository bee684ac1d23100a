/* Names: mailbox names and koc's paths. */
#include "store/imap/name.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "store/imap/utf7.h"
#include "store/path.h"

#include <string.h>

#define NAME_MOST ((size_t)16 * 1024)
#define NAME_ROOT "mail"

bool name_is_inbox(const char *name)
{
	return str_casecmp(name, "INBOX") == 0;
}

/* The part of a personal namespace's prefix that every name in it begins with; "" if there is none.
 */
static const char *personal_prefix(const struct memo *memo)
{
	for (size_t i = 0; i < memo->namespace_count; i++)
		if (memo->namespaces[i].personal)
			return memo->namespaces[i].prefix;
	return "";
}

static bool begins_with_inbox(const char *name, char delimiter)
{
	return str_ncasecmp(name, "INBOX", 5) == 0 && (!name[5] || name[5] == delimiter);
}

const char *name_to_path(struct arena *arena, const struct memo *memo, const char *name,
			 char delimiter, const char **why)
{
	const char *prefix = personal_prefix(memo), *path = NULL;
	struct buf utf8;

	if (*prefix && str_starts(name, prefix) && name[strlen(prefix)] &&
	    !begins_with_inbox(name + strlen(prefix), delimiter))
		name += strlen(prefix);
	buf_init(&utf8, NAME_MOST);
	if (strlen(name) > NAME_MOST / 4)
		*why = "its name is too long";
	else if (!utf7_decode(&utf8, name))
		*why = "its name is not written in modified UTF-7 as the standard wants it";
	else if (!(path = path_of_name(arena, NAME_ROOT, utf8.data, utf8.size, delimiter)))
		*why = "its name is too long or too deep for a directory";
	buf_free(&utf8);
	return path;
}

const char *name_of_path(struct arena *arena, const struct memo *memo, const char *path,
			 char delimiter)
{
	const char *prefix = personal_prefix(memo), *why, *utf8, *again;
	struct buf name;
	size_t size;
	char *result = NULL;

	utf8 = path_name(arena, path, delimiter, &size);
	if (!utf8 || strlen(utf8) != size)
		return NULL;
	buf_init(&name, NAME_MOST);
	if (!name_is_inbox(utf8))
		buf_adds(&name, prefix);
	if (utf7_encode(&name, utf8))
		result = arena_str(arena, name.data);
	buf_free(&name);
	again = result ? name_to_path(arena, memo, result, delimiter, &why) : NULL;
	return again && strcmp(again, path) == 0 ? result : NULL;
}

bool name_is_foreign(const struct memo *memo, const char *name)
{
	for (size_t i = 0; i < memo->namespace_count; i++) {
		const struct memo_namespace *space = &memo->namespaces[i];
		size_t size = strlen(space->prefix);

		if (space->personal || size == 0)
			continue;
		/* The namespace's own root comes without the delimiter at its end. */
		if (str_starts(name, space->prefix) ||
		    (space->prefix[size - 1] == space->delimiter && strlen(name) == size - 1 &&
		     strncmp(name, space->prefix, size - 1) == 0))
			return true;
	}
	return false;
}
