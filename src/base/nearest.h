/* Nearest: the known name that a mistyped one was probably meant to be. */
#ifndef KOC_BASE_NEAREST_H
#define KOC_BASE_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *name; /* what was typed */
	const char *best; /* the nearest name seen so far; NULL: none is near enough */
	size_t distance;
};

/* Begin, then offer every known name; of equals the first offered stays. */
struct nearest nearest_to(const char *name);
void nearest_offer(struct nearest *nearest, const char *known);

#endif
