/* Seen: what the answers told of one mailbox's messages, in any order, and the listing made of
 * it.  Pure. */
#ifndef KOC_STORE_IMAP_SEEN_H
#define KOC_STORE_IMAP_SEEN_H

#include "base/vec.h"
#include "store/imap/answer.h"
#include "store/store.h"

struct arena;

/* What one FETCH told, or several together. */
struct seen_item {
	uint32_t uid;
	uint32_t turn;     /* later ones know better */
	uint32_t size;
	uint8_t bits;
	uint8_t says;      /* enum entry_says */
	int64_t date;
	const char *keywords;
	const char *lasting;
};

struct seen {
	struct arena *arena; /* for keywords and the listing */
	struct {
		VEC(struct seen_item)
	} items;
	struct {
		VEC(struct uid_range)
	} gone;
	struct {
		VEC(uint32_t)
	} found;             /* by SEARCH */
	bool searched;       /* found is all there is */
	bool settled;
	const char *keywords;/* the last ones: most messages have the same as the one before */
	size_t lasting;      /* bytes of the arena that hold those */
};

void seen_init(struct seen *seen, struct arena *arena);
void seen_free(struct seen *seen);
void seen_clear(struct seen *seen);

void seen_fetched(struct seen *seen, const struct fetched *fetched);
void seen_gone(struct seen *seen, struct uid_range range);

/* A SEARCH for all was sent: what it finds is all there is. */
void seen_searched(struct seen *seen);
void seen_found(struct seen *seen, uint32_t uid);

/* How many different messages with first <= UID < next were told of and did not vanish. */
uint64_t seen_count(struct seen *seen, uint64_t first, uint64_t next);

/* Fills in entries (UID < next) and gone of the listing, in the arena. */
void seen_list(struct seen *seen, uint64_t next, bool complete, struct listing *listing);

#endif
