/* Heap memory that cannot fail: out of memory prints one line and ends the program with status 71.
 * Everything that koc writes is safe against being ended at any point, so this is too. */
#ifndef KOC_BASE_MEMORY_H
#define KOC_BASE_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t size);                               /* zeroed; free() it */
void *memory_resize(void *old, size_t count, size_t size);     /* like reallocarray */
char *memory_str(const char *s);                               /* copy; NULL gives NULL */

#endif
