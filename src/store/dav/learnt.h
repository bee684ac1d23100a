/* Learnt: what the driver learns about servers and tells the next run, so that it need not look for them
 * again: home sets, what each server cannot do, and when it wants to be asked again.  The memo is a text of
 * lines that the engine keeps; what cannot be read in it is as if never written. */
#ifndef KOC_STORE_DAV_LEARNT_H
#define KOC_STORE_DAV_LEARNT_H

#include "store/dav/flavour.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define LEARNT_HOMES   64
#define LEARNT_ORIGINS 16

/* What a server turned out not to do, for one flavour of collections; a set. */
enum lacks {
	LACKS_SYNC = 1,      /* sync-collection */
	LACKS_SYNC_DATA = 2, /* items inside of its answer */
	LACKS_MOVE = 4,
	LACKS_MULTIGET = 8,
	LACKS_CTAG = 16,
	LACKS_NAMES = 32,  /* new items are listed under the names they were sent to */
	LACKS_RENAMES = 64 /* new items are listed under other names: it is sure that they are not */
};

struct learnt_home {
	const char *url; /* absolute */
	bool calendars, contacts;
	bool collection; /* is itself one, not a home of them */
};

struct learnt_origin {
	const char *url; /* "https://host" */
	uint32_t lacks[FLAVOURS];
};

struct learnt {
	int64_t found;     /* when the homes were looked for last */
	const char *asked; /* hash of what was configured when the homes were found; "" none */
	struct learnt_home homes[LEARNT_HOMES];
	size_t home_count;
	struct learnt_origin origins[LEARNT_ORIGINS];
	size_t origin_count;
	int64_t wait; /* no request before this; 0 none */
};

/* Reads a memo; NULL or nonsense gives an empty one.  Strings lie in the arena. */
void learnt_parse(struct arena *arena, const char *text, struct learnt *learnt);

/* The text, in the arena; NULL: no home was found, and no server asked to wait. */
const char *learnt_text(struct arena *arena, const struct learnt *learnt);

#endif
