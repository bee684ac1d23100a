/* Places: where local bytes go that a run takes out of a folder (the vault, Conflicts), as paths below
 * the account's store.  The engine decides the paths; the local store moves the files there. */
#ifndef KOC_ENGINE_PLACES_H
#define KOC_ENGINE_PLACES_H

#include "base/fail.h"

#include <stdbool.h>

struct arena;
struct stat;

struct places {
	/* Makes the directory and those above it. */
	const struct fail *(*prepare)(struct places *places, const char *directory);
	/* Moves a file; FAIL_EXISTS when the target is there. */
	const struct fail *(*move)(struct places *places, const char *from, const char *to);
	/* Removes a file or an empty directory; missing is success. */
	const struct fail *(*remove)(struct places *places, const char *path);
	bool (*there)(struct places *places, const char *path);
	/* Where a file is that was put at this path: in a Maildir (…/cur/NAME) mail programs rename it, and
	 * only the base of the name stays.  In the arena; NULL: it is gone. */
	const char *(*find)(struct places *places, const char *path, struct arena *arena);
	/* Opens a file for reading. */
	const struct fail *(*open)(struct places *places, const char *path, int *fd, struct stat *status);
};

/* Places below the directory of this descriptor (the account's store), which stays the caller's.
 * Malloc'ed; free() it. */
struct places *places_open(int root);

#endif
