/* Arena: many small allocations that are freed together.  Out of memory ends the program (see
 * memory.h): a one-shot program whose every state on disk is recoverable has nothing better to do. */
#ifndef KOC_BASE_ARENA_H
#define KOC_BASE_ARENA_H

#include <stddef.h>

struct arena; /* opaque */

/* A new, empty arena; the caller frees it with arena_free. */
struct arena *arena_new(void);

/* Frees the arena and all that was allocated from it.  NULL is allowed. */
void arena_free(struct arena *arena);

/* Empties the arena but keeps its first block for reuse. */
void arena_reset(struct arena *arena);

/* `size` zeroed bytes, aligned for any type, valid until the arena is freed or reset. */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies; the result is NUL-terminated.  arena_str(a, NULL) is NULL. */
char *arena_str(struct arena *arena, const char *s);
char *arena_strn(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Bytes allocated from the system so far, for limits. */
size_t arena_size(const struct arena *arena);

#endif
