/* Vec: a growing array of one type.
 *
 *     struct { VEC(struct op) } ops = {0};       // members: items, count, room
 *     *vec_push(&ops) = op;                      // a new zeroed last item
 *     vec_free(&ops);
 */
#ifndef KOC_BASE_VEC_H
#define KOC_BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)     \
	type *items;  \
	size_t count; \
	size_t room;

#define vec_push(v)                                                                            \
	((v)->items = vec_grow_((v)->items, (v)->count, &(v)->room, sizeof *(v)->items),       \
	 &(v)->items[(v)->count++])

#define vec_free(v) (free((v)->items), (v)->items = NULL, (v)->count = (v)->room = 0)

/* Makes room for one more item behind `count` and zeroes it. */
void *vec_grow_(void *items, size_t count, size_t *room, size_t size);

#endif
