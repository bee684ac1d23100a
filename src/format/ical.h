/* Ical: what koc asks libical: time zones and recurrences.  It is loaded when the first such
 * question comes up; where it is not there nothing is known.  It never gets to see an item: only
 * dates, rules and time zones that were read and written anew here, since what it does with
 * anything else is not ours to say. */
#ifndef KOC_FORMAT_ICAL_H
#define KOC_FORMAT_ICAL_H

#include "format/moment.h"
#include "format/parts.h"

/* The zones of one item: by their names in the tz database, or by the VTIMEZONE that comes with it. */
struct ical_zones; /* opaque */

/* `parts`: those of the VCALENDAR, to be kept until ical_zones_free. */
struct ical_zones *ical_zones_new(const struct part *parts);
void ical_zones_free(struct ical_zones *zones);

/* Makes a local time in the zone one in UTC, or the other way round.  False if nobody knows the
 * zone. */
bool ical_to_utc(struct ical_zones *zones, struct slice tzid, struct moment *moment);
bool ical_to_local(struct ical_zones *zones, struct slice tzid, struct moment *moment);

/* The instances of a rule that rule_read let pass, one after another, from `from` on (MOMENT_NONE:
 * from the start); `next` is called until it returns false or there are no more, at most `most`
 * times. */
typedef bool ical_instance(void *context, struct moment instance);
void ical_instances(const char *rule, struct moment start, struct moment from, size_t most,
		    ical_instance *next, void *context);

#endif
