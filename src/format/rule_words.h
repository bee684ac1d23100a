/* Rule words: a recurrence rule (RFC 5545 3.3.10) as people say it. */
#ifndef KOC_FORMAT_RULE_WORDS_H
#define KOC_FORMAT_RULE_WORDS_H

#include "format/lines.h"

struct buf;

/* Appends "every 2 weeks on MO, WE until 2026-12-24"; what is not known here stands as in the rule. */
void rule_words(struct buf *out, struct slice rule);

#endif
