/* Calendar: the fields of an event, task or note. */
#ifndef KOC_FORMAT_CALENDAR_H
#define KOC_FORMAT_CALENDAR_H

#include "format/parts.h"

/* The fields (koc-state(5)) of the item that is in this VCALENDAR; the caller frees them. */
char *calendar_fields(const struct part *calendar);

#endif
