/* Moves: gone from one folder and new in another with the same content is a move, not a removal and a
 * new item (SPEC 3).  Works on a finished plan of all folders.  Pure. */
#ifndef KOC_CORE_MOVES_H
#define KOC_CORE_MOVES_H

#include "core/plan.h"

/* What moves need to know of a folder. */
struct move_folder {
	const struct policy *policy;
	bool keyed;
};

/* Looks for moves among the operations and turns each pair into one:
 *   moved here    VERB_MOVE on SERVER: match is the old place, other the new one;
 *   moved there   VERB_MOVE on LOCAL;
 *   both          the server's place wins: VERB_MOVE on LOCAL from where the item is now;
 *   into a folder out of scope, off or read-only: VERB_LEAVE (LEAVE_SCOPE);
 *   out of a folder that takes changes back: the new place gets a copy on the server (mail).
 * An operation that became part of another is VERB_NONE with its match `absorbed`.
 * `server_moves`: the server can move; else what was moved here stays a new item and a removal. */
void moves_find(struct arena *arena, struct op *ops, size_t count, const struct move_folder *folders,
		bool server_moves);

/* An item that is new here and has the content of a row that both sides hold: VERB_DUPLICATE. */
void moves_duplicate(struct arena *arena, struct op *op, const struct row *source);

#endif
