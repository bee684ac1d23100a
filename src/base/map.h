/* Map: a hash table from strings (NUL-terminated, or bytes with a length) to pointers.
 * Keys are copied into the map's own arena.  The hash is keyed with a random seed of the process, so
 * a hostile server cannot make it slow.  No removal; set a value to NULL instead. */
#ifndef KOC_BASE_MAP_H
#define KOC_BASE_MAP_H

#include <stddef.h>

struct map; /* opaque */

struct map *map_new(void);
void map_free(struct map *map); /* NULL allowed; the values are not freed */

/* The value for the key, or NULL. */
void *map_get(const struct map *map, const char *key);
void *map_getn(const struct map *map, const void *key, size_t size);

/* Sets the value; returns the map's own copy of the key, valid as long as the map. */
const char *map_set(struct map *map, const char *key, void *value);
const char *map_setn(struct map *map, const void *key, size_t size, void *value);

size_t map_count(const struct map *map);

/* Visits every key with a non-NULL value, in the order of insertion. */
void map_each(const struct map *map, void (*visit)(void *context, const char *key, void *value),
	      void *context);

#endif
