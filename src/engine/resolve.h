/* Resolve: what the user decides about a conflict, and the versions that it is about.  Offline: the next run
 * carries over what came of it, as it does with anything that is done by hand.
 *
 * Of the engine `service`, `side[LOCAL]`, `state`, `places` and `now` are used.  What writes needs the
 * service's lock. */
#ifndef KOC_ENGINE_RESOLVE_H
#define KOC_ENGINE_RESOLVE_H

#include "engine/account.h"
#include "format/diff.h"

/* Larger ones are not read into memory to be compared. */
#define RESOLVE_READ_MOST ((size_t)16 << 20)

struct conflict_versions {
	struct diff_input
		input[DIFF_VERSIONS];    /* data NULL: there is none, or it is not known, or too large */
	const char *path[DIFF_VERSIONS]; /* of server: in its folder; of local: in Conflicts; below the
					  * store's root.  NULL: there is no such file */
	int64_t when[DIFF_VERSIONS];     /* changed then; 0 unknown */
};

/* Is it still open?  It is not when its file is gone: the user put it somewhere.  One without a file (removed
 * here) is while the item is known: else it was removed once more.  Of the engine `places` and `state` are
 * used. */
bool conflict_is_open(const struct engine *engine, const struct conflict *conflict, struct arena *arena);

/* Reads the versions as they are now, into the arena; if it fails, those that it had read by then. */
const struct fail *conflict_read(const struct engine *engine, const struct conflict *conflict,
				 struct arena *arena, struct conflict_versions *versions) MUST_CHECK;

/* The difference of what was read. */
void conflict_diff(const struct conflict *conflict, const struct conflict_versions *versions,
		   struct arena *arena, struct diff *diff);

/* What it is about, in one line for people, safe for a terminal: what the record says, and of events and
 * tasks the time. */
const char *conflict_title(const struct conflict *conflict, const struct conflict_versions *versions,
			   struct arena *arena);

enum resolve_how {
	RESOLVE_KEEP, /* the local version takes the place of what is in the folder, which goes to the vault;
		       * if that is gone, it is a new item.  Of one that was removed here: it is removed again
		       */
	RESOLVE_BOTH, /* the local version becomes another item */
	RESOLVE_DROP  /* the local version goes to the vault */
};

/* Does it and closes the conflict.  Killed in between, it can be done again, to the same end.  *path: where
 * the local version is now, in the arena; NULL: nowhere but in the vault.  Fails: FAIL_MISSING: its file is
 * gone, so that it is closed, too; or there is no such folder any more; FAIL_DATA: it cannot be doubled, or
 * it is a text form, which can only be dropped. */
const struct fail *conflict_resolve(const struct engine *engine, const struct conflict *conflict,
				    enum resolve_how how, struct arena *arena, const char **path) MUST_CHECK;

#endif
