/* Library: shared libraries that are loaded when they are needed, not when the program starts.
 * libcurl, libxml2 and libical with all that they pull in take 8 ms of CPU to load: a run that only
 * looks at mail must not pay that.  The Makefile builds against their headers all the same. */
#ifndef KOC_BASE_LIBRARY_H
#define KOC_BASE_LIBRARY_H

#include "base/fail.h"

#include <stddef.h>

struct library_symbol {
	const char *name;
	void *at; /* where its address goes: a pointer to a function pointer or to an object pointer */
};

/* Loads the first of `files` (sonames, NULL behind the last) that is there, for the rest of the program's
 * life, and finds all symbols.  FAIL_SYSTEM (ALL): it is not there, or lacks one; nothing of it is to be
 * used then. */
const struct fail *library_load(const char *const *files, const struct library_symbol *symbols,
				size_t count) MUST_CHECK;

#endif
