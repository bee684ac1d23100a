/* Time: the only room that asks the system for it. */
#ifndef KOC_BASE_CLOCK_H
#define KOC_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);       /* seconds since the epoch */
int64_t clock_monotonic(void); /* milliseconds, only differences mean anything */

/* "2026-11-22 14:03" in the user's zone, into out[20]; for people. */
void clock_text(int64_t when, char out[20]);

/* "20261122T140300Z" in UTC, into out[17]; for names. */
void clock_stamp(int64_t when, char out[17]);

/* "Sun, 22 Nov 2026 14:03:00 +0100" in the user's zone, into out[CLOCK_MAIL] (RFC 5322 3.3). */
#define CLOCK_MAIL 40
void clock_mail(int64_t when, char out[CLOCK_MAIL]);

#endif
