/* Date: days of the calendar, and the time in a message's Date field. */
#ifndef KOC_FORMAT_DATE_H
#define KOC_FORMAT_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since the epoch of a date-time of RFC 5322 3.3, the obsolete forms of 4.3 included; 0 if
 * it is none.  `text` is unfolded. */
int64_t date_parse(const char *text);

/* Is there such a day in the Gregorian calendar?  Any numbers will do. */
bool date_exists(int year, int month, int day);

/* Days from 1970-01-01 to a day that exists, and back. */
int64_t date_days(int year, int month, int day);
void date_civil(int64_t days, int *year, int *month, int *day);

#endif
