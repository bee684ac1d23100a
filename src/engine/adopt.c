/* Adopt: the pairs that need another path.  What has one path on both sides already is one without this. */
#include "engine/adopt.h"

#include <string.h>

static bool is_known(const struct state_folder *known, size_t count, enum side side,
		     const struct store_folder *folder)
{
	for (size_t i = 0; i < count; i++)
		if ((known[i].name[side] && strcmp(known[i].name[side], folder->name) == 0) ||
		    (side == LOCAL && strcmp(known[i].path, folder->path) == 0))
			return true;
	return false;
}

/* The last component of a path or of a name that is one; without the slash at its end. */
static const char *last_of(const char *path, size_t *size)
{
	size_t end = strlen(path), at;

	if (end && path[end - 1] == '/')
		end--;
	for (at = end; at && path[at - 1] != '/';)
		at--;
	*size = end - at;
	return path + at;
}

static bool ends_alike(const char *path, const char *name)
{
	size_t one, other;
	const char *left = last_of(path, &one), *right = last_of(name, &other);

	return one && one == other && memcmp(left, right, one) == 0;
}

static bool alike(const struct store_folder *server, const struct store_folder *local)
{
	if (server->kind != local->kind || server->unsupported || local->unsupported)
		return false;
	if (local->title)
		return server->title && strcmp(server->title, local->title) == 0;
	return ends_alike(local->path, server->name);
}

/* The only folder of a side that the state does not know and that is like `other`, of the other side; NULL:
 * none, or several. */
static const struct store_folder *only_one(const struct state_folder *known, size_t known_count,
					   const struct folder_list *list, enum side side,
					   const struct store_folder *other)
{
	const struct store_folder *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct store_folder *folder = &list->items[i];

		if (!(side == SERVER ? alike(folder, other) : alike(other, folder)) ||
		    is_known(known, known_count, side, folder))
			continue;
		if (found)
			return NULL;
		found = folder;
	}
	return found;
}

size_t adopt_pairs(const struct state_folder *known, size_t known_count, const struct folder_list list[SIDES],
		   struct store_known *pairs)
{
	size_t count = 0;

	for (size_t i = 0; i < list[LOCAL].count; i++) {
		const struct store_folder *here = &list[LOCAL].items[i], *there;

		if (is_known(known, known_count, LOCAL, here))
			continue;
		there = only_one(known, known_count, &list[SERVER], SERVER, here);
		if (there && strcmp(there->path, here->path) != 0 &&
		    only_one(known, known_count, &list[LOCAL], LOCAL, there) == here)
			pairs[count++] = (struct store_known){ here->path, there->name, "" };
	}
	return count;
}
