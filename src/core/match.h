/* Match: one item seen from three places: its row (base), the server now, here now.  Pure. */
#ifndef KOC_CORE_MATCH_H
#define KOC_CORE_MATCH_H

#include "core/item.h"

/* What comparing two bodies said. */
enum compared { NOT_COMPARED, EQUAL, DIFFERENT };

/* What came of merging what both sides made of one item.  As a side has it: that has the changes of both. */
enum merging { MERGE_UNTRIED, MERGE_REFUSED, MERGE_AS_SERVER, MERGE_AS_LOCAL, MERGE_OF_BOTH };

/* What of a message lies here. */
enum form { FORM_AS_IT_IS, FORM_WHOLE, FORM_TEXT };

struct match {
	struct row *row;                   /* the base, a copy; NULL: new since the last run */
	const struct version *now[SIDES];  /* NULL: not there.  What a side did not speak of is taken
	                                    * from the row.  Flags are always filled in. */
	size_t folder;                     /* index into the caller's folders */
	struct print print;                /* of a new item, once looked at; of others in the row */
	uint64_t size;                     /* of a new item, as its side claims; 0 unknown */
	int64_t date;                      /* received; 0 unknown */
	const char *lasting;               /* what the server calls its content; NULL not told */
	const char *key;                   /* keyed kinds */
	const char *key_here;              /* … of the local file, once looked at; NULL: not known */
	struct op *op;                     /* what was planned for it; owned by the plan */
	enum compared compared;            /* the two bodies */
	enum merging merging;              /* of the two bodies, where they are to be merged */
	const char *merge_said;            /* what comes from where, or why it was refused */
	bool merge_counted;                /* one side changed only what servers and programs count */
	struct digest normal[SIDES];       /* keyed kinds: of the normalised form; of a text form here:
					    * of what it says; unknown until it was read */
	const struct stub *stub;           /* the local file was read, and is a text form; else NULL */
	struct digest stands_for;          /* it is one of a row whose file has, or had, this digest: a
					    * copy or the row's own, whatever was done to its header */
	enum form become;                  /* what the local file is to become */
	const struct words *words;         /* of the local message, once looked at; NULL: not known */
	bool looked[SIDES];                /* digest, print and key of that side were asked for */
	bool mended;                       /* a ref changed without a change of the item: record it */
	bool own;                          /* mail: the local file is a message of koc's own: no server
	                                    * is to have it */
	bool wire;                         /* local file holds wire bytes (new items) */
	bool elsewhere;                    /* what lies here is not where the row looks for it, and the row
					    * does not follow: that is for the next sync */
	bool absorbed;                     /* became part of another match: plan nothing */
	const char *stray;                 /* a text form that is new here and cannot stand for its
					    * message, which is as it was: why; NULL it is not that */
	bool comes_back;                   /* gone here, but what was made of its text form lies elsewhere
					    * and cannot stand for it */
	const char *trouble;               /* it cannot be read: why; NULL it can */
	bool damaged;                      /* keyed kinds: the trouble is what the local file holds */
};

/* How a side differs from the base. */
enum change {
	CHANGE_ABSENT, /* not there, and not in the base */
	CHANGE_SAME,
	CHANGE_NEW,    /* there, and not in the base */
	CHANGE_GONE,
	CHANGE_EDITED,
	CHANGE_UNSURE  /* the revision moved: the body must be looked at to know */
};

enum change match_change(const struct match *match, enum side side);

/* Is what lies here a text form?  As it was read, else as the row says. */
bool match_is_text(const struct match *match);

/* Do both sides hold the same?  As far as is known: by `compared`, else by the normalised forms. */
enum compared match_compare(const struct match *match);

/* The flags that both sides had when they last agreed, each its own. False: there is no base. */
bool match_base_flags(const struct match *match, struct flags base[SIDES]);

/* Does a row's record of this side differ from what is there, though the item is the same? */
bool match_moved_on(const struct match *match, enum side side);

/* A name for people and logs: the server's ref, else the local one, else what the row remembers. */
const char *match_name(const struct match *match);

#endif
