/* Plan: the table of SPEC 3.  One match in, one operation out.  Pure: the same match always gives the
 * same operation, and a plan can be printed, compared and tested as text (core/text.h). */
#ifndef KOC_CORE_PLAN_H
#define KOC_CORE_PLAN_H

#include "core/flags.h"
#include "core/match.h"

struct arena;
struct fail;

enum verb {
	VERB_NONE,
	VERB_AGREE,     /* both sides are equal: record it */
	VERB_LOOK,      /* read `side` (both sides if `compare`), then plan again */
	VERB_COPY,      /* make on `side` what the other side has */
	VERB_UPDATE,    /* replace on `side` by what the other side has */
	VERB_REMOVE,    /* remove on `side` */
	VERB_FLAG,      /* only flags */
	VERB_MOVE,      /* on `side`: from `folder` to `to` */
	VERB_DUPLICATE, /* on the server: copy `source`'s message to the folder */
	VERB_MERGE,     /* the server gets what both sides made of it; then it is an edit of the server's */
	VERB_CONFLICT,  /* the server's version stands, the local one goes to Conflicts */
	VERB_KEEP,      /* one side keeps it on purpose; mark the row so */
	VERB_FORGET,    /* gone on both sides: drop the row */
	VERB_LEAVE      /* not now: pending, `leave` says why */
};

enum leave { LEAVE_HELD, LEAVE_DIRECTION, LEAVE_SCOPE, LEAVE_SET_ASIDE, LEAVE_RACED };

struct op {
	enum verb verb;
	enum side side;
	enum leave leave;
	bool compare;              /* LOOK: compare both bodies */
	bool merge;                /* LOOK: try to merge both bodies */
	struct match *match;
	struct match *other;       /* MOVE: the item at its new place, on the side where it was moved */
	const struct row *source;  /* DUPLICATE: a row with the same content */
	size_t folder;             /* indexes into the caller's folders */
	size_t to;                 /* MOVE */
	struct flag_delta *flags;  /* NULL, or two: what to change on each side */
	bool flags_left;           /* a flag change was left out: pending */
	bool again;                /* something of it is for the next look: pending */
	const char *why;           /* for people: a constant text; NULL where the verb says it all */
	const char *said;          /* for people: what is merged, or why it is not; NULL nothing */
	bool ended;                /* it was carried out, or could not be: */
	const struct fail *failed; /* why; NULL it was */
};

/* Decides.  Everything in *op is set. */
void plan_match(struct arena *arena, struct match *match, const struct kind_traits *traits,
		const struct policy *policy, struct op *op);

#endif
