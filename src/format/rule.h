/* Rule: a recurrence rule (RFC 5545 3.3.10) of which it is sure that its instances can be counted
 * out quickly.
 *
 * libical looks for the next instance of a rule until it finds one or comes to the year 2582.
 * Given a February 30 it looks for half a second, given that and some BYHOUR for 40: somebody
 * else's events must not decide how long a run takes.  So what is handed to it is read here first,
 * and only what surely has an instance every few steps passes.  That is nearly all that programs
 * write: no rules below a day, no BYHOUR, BYMINUTE, BYSECOND, BYYEARDAY, BYWEEKNO, RSCALE. */
#ifndef KOC_FORMAT_RULE_H
#define KOC_FORMAT_RULE_H

#include "format/moment.h"

#define RULE_TEXT 512

struct rule {
	char text[RULE_TEXT]; /* the rule without COUNT and UNTIL, which are: */
	uint64_t count;       /* 0 none */
	struct moment until;  /* MOMENT_NONE none */
	bool yearly;
	int64_t step;   /* seconds from each instance to the next; 0: that differs */
	int64_t window; /* so many seconds have several instances in them, but in odd cases */
};

/* Reads the rule of what starts then (moment_usual, on its own clock).  False if the rule is wrong,
 * or not surely quick. */
bool rule_read(struct slice text, struct moment start, struct rule *rule);

#endif
