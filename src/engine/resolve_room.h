/* Resolve: what its files share. */
#ifndef KOC_ENGINE_RESOLVE_ROOM_H
#define KOC_ENGINE_RESOLVE_ROOM_H

#include "engine/resolve.h"

/* Where the item of a conflict lies here. */
struct resolve_place {
	struct store_folder folder; /* where it is; else where it was */
	const char *ref;            /* its name there, as far as is known; NULL: it is not known any more */
	struct flags flags;
	bool there; /* the file is */
};

const struct fail *resolve_find(const struct engine *engine, const struct conflict *conflict,
				struct arena *arena, struct resolve_place *place) MUST_CHECK;

/* The flags in a Maildir path's name. */
uint32_t resolve_flags(const char *path);

#endif
