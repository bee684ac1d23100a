/* The memory store: the reference implementation of store.h and the test double of the engine.  It
 * can be a server or a local side; its content is a world (world.h), which tests read and change
 * behind the engine's back.  The form of the world says what the medium can hold, the options how
 * the driver behaves. */
#ifndef KOC_STORE_MEMORY_H
#define KOC_STORE_MEMORY_H

#include "store/store.h"
#include "store/world.h"

/* What a listing tells when there is a cursor. */
enum memory_lists {
	MEMORY_COMPLETE,  /* all items with all that is known of them */
	MEMORY_CONDSTORE, /* all items, but flags (SAYS_BITS, SAYS_KEYWORDS) only of what changed */
	MEMORY_DELTA      /* what changed and what is gone (QRESYNC, sync-collection) */
};

enum memory_identity {
	MEMORY_IDENTITY_OWN,  /* each folder its own: the epoch of numbered items, else its id */
	MEMORY_IDENTITY_SAME, /* not unique: all folders made in the same second */
	MEMORY_IDENTITY_NONE
};

/* How a store behaves.  All zero: a plain, able, honest one. */
struct memory_options {
	enum memory_lists lists;
	enum memory_identity identity;
	bool always_news;     /* cannot tell whether a folder changed: NEWS_SOME always */
	bool vague_gone;      /* numbered items: a delta calls gone all numbers that are not there,
	                       * whether they ever were or not, as servers may (RFC 7162 3.2.10) */
	bool lists_keys;      /* entries tell the key */
	bool names_lasting;   /* folders and contents have names that stay, wherever they lie */
	bool reverse_reads;   /* reads are finished in the opposite order */
	bool queues;          /* write, flag, transfer, remove are done at the next other call */
	bool silent_writes;   /* new items' refs are not told (no UIDPLUS) */
	bool silent_transfers;/* the same for moved and copied ones */
	bool silent_revisions;/* now.revision is NULL after a write: not told */
	bool no_transfers;    /* without STORE_TRANSFERS: FAIL_REFUSED */
	bool blind_moves;     /* a move does not look at if_revision, and gives a new revision */
	bool slow_moves;      /* a move is two durable acts: copy, then remove */
	bool shared_expunge;  /* no UIDPLUS: removal flags \Deleted (one durable act), and is
	                       * FAIL_REFUSED when others are \Deleted too; else expunges (another) */
	bool flaky;           /* each open gives all items new revisions */
	bool exchanges;       /* a replacing write does not look first: a version that was not
	                       * expected comes out (came_out), FAIL_STALE */
	bool volatile_acts;   /* nothing is durable before sync(): see memory_power_loss */
	uint64_t size_most;   /* larger bodies are FAIL_REFUSED; 0 no limit */

	/* Flags that are not stored, although nothing fails (PERMANENTFLAGS). */
	uint32_t refused_bits;
	bool no_new_keywords;     /* only `keywords` can be stored */
	const char *keywords;     /* canonical; must live as long as the store */
	size_t keyword_most;      /* WORLD_TABLE: a folder's table holds so many; 0 no limit */

	/* A server that changes what it is given: returns the body to be stored. */
	const struct memory_body *(*rewrite)(struct memory_world *world,
					     const struct memory_body *body);
	/* The normalised form of an item; NULL: its bytes. */
	struct digest (*normal)(const struct memory_body *body);
};

/* Of a message with an attachment the store makes a text form (PART_TEXT), if that is its second and last
 * part, of the boundary "part" and of type application/octet-stream.  The account that its stub names: */
#define MEMORY_ACCOUNT "memory"

/* Opens a store on this world, which must outlive it.  The options are copied. */
struct store *memory_open(struct memory_world *world, const struct memory_options *options);

/* Sets an action that runs at the start of each call, and in a call just before each request of it is
 * done; it may change the world.  `number` counts from 1 on over the life of the store; `what` names
 * the call ("list") or the request ("flag.item").  NULL: none. */
typedef void memory_hook(void *context, uint64_t number, const char *what);
void memory_set_hook(struct store *store, memory_hook *hook, void *context);

/* With volatile_acts: the power fails.  All that was done since the last sync(), by the store or by
 * the test, is undone.  Returns false if there was nothing to lose. */
bool memory_power_loss(struct memory_world *world);

#endif
