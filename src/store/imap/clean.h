/* Clean: rewrites what libetpan is to parse, so that it sees only what it parses rightly: known
 * FETCH items, tokens of plain characters, numbers in range. */
#ifndef KOC_STORE_IMAP_CLEAN_H
#define KOC_STORE_IMAP_CLEAN_H

#include "base/fail.h"
#include "store/imap/answer.h"

#include <stddef.h>

struct arena;
struct gate;

/* A response code with structure, name and what stands behind it; one that makes no sense becomes
 * CODE_OTHER. */
const struct fail *clean_code(struct gate *gate, const char *name, const char *values, size_t size,
			      struct code *code) MUST_CHECK;

/* Those of the keywords (canonical form) that can be sent: atoms. */
const char *clean_keywords(struct arena *arena, const char *keywords);

#endif
