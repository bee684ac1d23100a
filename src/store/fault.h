/* Fault: a store that passes every call on to another one, until one of them, or one request inside
 * one, fails.  For tests: "the n-th of everything fails". */
#ifndef KOC_STORE_FAULT_H
#define KOC_STORE_FAULT_H

#include "store/store.h"

struct fault {
	uint64_t at;           /* which call or request fails, from 1 on; 0: none */
	bool request;          /* count requests (looks, reads, writes, …) instead of calls */
	const char *only;      /* count only this call ("write"); NULL: all but close */
	bool late;             /* what was asked for is done all the same; only its outcome is lost,
	                        * as when the connection breaks before the answer */
	bool broken;           /* from then on every call fails, as on a broken connection */
	enum fail_code code;
	enum fail_scope scope;
	/* Filled in: */
	uint64_t seen;         /* calls or requests so far */
	bool hit;
};

/* Wraps a store, which it takes; `fault` must outlive it. */
struct store *fault_open(struct store *inner, struct fault *fault);

#endif
