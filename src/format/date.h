/* Date: the time in a message's Date field. */
#ifndef KOC_FORMAT_DATE_H
#define KOC_FORMAT_DATE_H

#include <stdint.h>

/* Seconds since the epoch of a date-time of RFC 5322 3.3, the obsolete forms of 4.3 included; 0 if
 * it is none.  `text` is unfolded. */
int64_t date_parse(const char *text);

#endif
