/* Vec: growth of arrays of any type. */
#include "base/vec.h"

#include "base/memory.h"

#include <stdint.h>
#include <string.h>

#define VEC_FIRST 8

void *vec_grow_(void *items, size_t count, size_t *room, size_t size)
{
	if (count == *room) {
		size_t more = *room ? *room : VEC_FIRST;

		/* An overflow ends in an amount that memory_resize refuses. */
		*room = *room > SIZE_MAX - more ? SIZE_MAX : *room + more;
		items = memory_resize(items, *room, size);
	}
	memset((char *)items + count * size, 0, size);
	return items;
}
