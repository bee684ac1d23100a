/* Local: what was changed here since the last run, found without a server. */
#ifndef KOC_ENGINE_LOCAL_H
#define KOC_ENGINE_LOCAL_H

#include "engine/account.h"

/* Of one folder. */
struct local_news {
	const char *path;
	uint64_t fresh;   /* files that no row knows: written, delivered or moved here */
	uint64_t edited;
	uint64_t gone;    /* removed, or moved away */
	uint64_t flagged;
};

/* Compares the local side with the rows, as a run does: needs engine->side[LOCAL], state and settings.
 * Writes nothing, not even stamps, so a run may be at work meanwhile.  Result: the folders with news, by
 * path, in the arena.  A folder that cannot be listed is told with engine->tell and left out. */
const struct fail *local_look(const struct engine *engine, struct arena *arena, struct local_news **news,
			      size_t *count) MUST_CHECK;

#endif
