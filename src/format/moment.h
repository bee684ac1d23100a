/* Moment: a date or a time as iCalendar has it (RFC 5545 3.3.4, 3.3.5), before it is known what its
 * zone means. */
#ifndef KOC_FORMAT_MOMENT_H
#define KOC_FORMAT_MOMENT_H

#include "format/lines.h"

#include <stdint.h>

enum moment_kind {
	MOMENT_NONE,
	MOMENT_DATE,  /* a whole day */
	MOMENT_LOCAL, /* by the clocks of some zone, or of wherever one is */
	MOMENT_UTC
};

struct moment {
	enum moment_kind kind;
	int64_t seconds; /* from 1970-01-01 00:00:00 on the clock that it is of */
};

#define MOMENT_TEXT 24

/* Reads "20261122", "20261122T100000" or "20261122T100000Z".  False if it is none: then it is
 * MOMENT_NONE. */
bool moment_read(struct slice text, struct moment *moment);

/* "2026-11-22" or "2026-11-22 10:00:00". */
void moment_text(struct moment moment, char text[MOMENT_TEXT]);

/* Is it in the years in which all that is done with it here makes sense (1600 to 2399)? */
bool moment_usual(struct moment moment);

#endif
