/* Moving: one item on its way to another collection.  Private to move.c and carry.c. */
#ifndef KOC_STORE_DAV_MOVING_H
#define KOC_STORE_DAV_MOVING_H

#include "store/dav/ask.h"

enum stage {
	STAGE_CHECK, /* get it: no server compares its revision */
	STAGE_MOVE,
	STAGE_GET, /* MOVE is refused: get it */
	STAGE_PUT,
	STAGE_LOOK,   /* something is at the new place, or may be: get that */
	STAGE_DELETE, /* at the old place, the new one being there */
	STAGE_UNDO,   /* it changed meanwhile: the new one goes again */
	STAGE_CLEAR,  /* at the old place first */
	STAGE_FILL,   /* then the PUT */
	STAGE_BACK,   /* which was refused: back to the old place */
	STAGE_DONE
};

struct moving {
	struct dav *dav;
	struct transfer *transfer;
	struct collection *from, *to;
	struct arena *arena; /* the caller's */
	enum stage stage;
	unsigned names;       /* tried */
	const char *ref;      /* at the new place */
	const char *revision; /* at the old place, when it was got */
	const char *stored;   /* revision at the new place; NULL: not told */
	struct body *body;
	struct ask *ask;
	const struct fail *refusal;
};

/* The name at the new place that is tried next; whether there are more. */
const char *moving_name(struct moving *moving);
bool moving_has_names(const struct moving *moving);

/* Its end: with this fail; as a race that was lost; at the new place. */
void moving_end(struct moving *moving, const struct fail *fail);
void moving_end_stale(struct moving *moving, const char *why);
void moving_end_there(struct moving *moving);
/* Ends it if the answer was not learnt: what is there now is for the next look. */
bool moving_ended_open(struct moving *moving);

/* ---- carry.c: the stages of PUT and DELETE; what is asked, and what the answer leads to ---- */

void carry_put(struct moving *moving, struct asks *asks);
void carry_was_put(struct moving *moving);
void carry_look(struct moving *moving, struct asks *asks);
void carry_looked(struct moving *moving);
void carry_delete(struct moving *moving, struct asks *asks);
void carry_was_deleted(struct moving *moving);
void carry_was_undone(struct moving *moving);
void carry_was_cleared(struct moving *moving);
void carry_was_filled(struct moving *moving);
void carry_back(struct moving *moving, struct asks *asks);
void carry_was_put_back(struct moving *moving);

#endif
