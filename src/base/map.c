/* Map: open addressing over an array of entries in the order of insertion; SipHash-1-3 (Aumasson,
 * Bernstein: "SipHash: a fast short-input PRF") with a random key of the process. */
#include "base/map.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MAP_FIRST 16

struct map_entry {
	const char *key;
	size_t size;
	uint64_t hash;
	void *value;
};

struct map {
	struct arena *keys;
	VEC(struct map_entry)
	uint32_t *slots; /* index + 1 into items; 0 is free */
	size_t slot_count; /* a power of two, more than 4/3 of count */
};

static uint64_t seed[2];

static void seed_make(void)
{
	static _Bool made;

	if (made)
		return;
	/* At most 256 bytes are never given in part once the pool is ready (getrandom(2)). */
	while (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		;
	made = 1;
}

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/* The hash never leaves the process, so words are taken in the machine's byte order. */
static uint64_t hash_of(const void *key, size_t size)
{
	uint64_t v[4] = {
		seed[0] ^ UINT64_C(0x736f6d6570736575),
		seed[1] ^ UINT64_C(0x646f72616e646f6d),
		seed[0] ^ UINT64_C(0x6c7967656e657261),
		seed[1] ^ UINT64_C(0x7465646279746573),
	};
	const unsigned char *bytes = key;
	uint64_t word;
	size_t left = size;

	for (; left >= sizeof word; left -= sizeof word, bytes += sizeof word) {
		memcpy(&word, bytes, sizeof word);
		sip_word(v, word);
	}
	word = (uint64_t)size << 56;
	while (left--)
		word |= (uint64_t)bytes[left] << (8 * left);
	sip_word(v, word);
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_new(void)
{
	struct map *map = memory_alloc(sizeof *map);

	seed_make();
	map->keys = arena_new();
	return map;
}

void map_free(struct map *map)
{
	if (!map)
		return;
	arena_free(map->keys);
	vec_free(map);
	free(map->slots);
	free(map);
}

/* The slot that holds the key, or the free one where it belongs.  There always is a free one. */
static size_t slot_of(const struct map *map, const void *key, size_t size, uint64_t hash)
{
	size_t mask = map->slot_count - 1;
	size_t slot = (size_t)hash & mask;

	for (; map->slots[slot]; slot = (slot + 1) & mask) {
		const struct map_entry *entry = &map->items[map->slots[slot] - 1];

		if (entry->hash == hash && entry->size == size &&
		    (!size || memcmp(entry->key, key, size) == 0))
			break;
	}
	return slot;
}

void *map_getn(const struct map *map, const void *key, size_t size)
{
	size_t slot;

	if (!map->slot_count)
		return NULL;
	slot = slot_of(map, key, size, hash_of(key, size));
	return map->slots[slot] ? map->items[map->slots[slot] - 1].value : NULL;
}

void *map_get(const struct map *map, const char *key)
{
	return map_getn(map, key, strlen(key));
}

static void map_grow(struct map *map)
{
	size_t mask;

	map->slot_count = map->slot_count ? map->slot_count * 2 : MAP_FIRST;
	free(map->slots);
	map->slots = memory_alloc(map->slot_count * sizeof *map->slots);
	mask = map->slot_count - 1;
	for (size_t i = 0; i < map->count; i++) {
		size_t slot = (size_t)map->items[i].hash & mask;

		while (map->slots[slot])
			slot = (slot + 1) & mask;
		map->slots[slot] = (uint32_t)(i + 1);
	}
}

const char *map_setn(struct map *map, const void *key, size_t size, void *value)
{
	uint64_t hash = hash_of(key, size);
	struct map_entry *entry;
	size_t slot;

	if (map->count >= map->slot_count / 4 * 3)
		map_grow(map);
	slot = slot_of(map, key, size, hash);
	if (map->slots[slot]) {
		entry = &map->items[map->slots[slot] - 1];
	} else {
		entry = vec_push(map);
		entry->key = arena_strn(map->keys, key, size);
		entry->size = size;
		entry->hash = hash;
		map->slots[slot] = (uint32_t)map->count;
	}
	entry->value = value;
	return entry->key;
}

const char *map_set(struct map *map, const char *key, void *value)
{
	return map_setn(map, key, strlen(key), value);
}

size_t map_count(const struct map *map)
{
	return map->count;
}

void map_each(const struct map *map, void (*visit)(void *context, const char *key, void *value),
	      void *context)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->items[i].value)
			visit(context, map->items[i].key, map->items[i].value);
}
