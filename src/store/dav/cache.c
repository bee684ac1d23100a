/* Cache: bodies kept in a spool file that has no name. */
#include "store/dav/cache.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "store/dav/room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MOST   ((uint64_t)1 << 30)
#define MEMORY_MOST ((size_t)8 << 20)
#define OUT_ROOM    ((size_t)256 * 1024)

struct kept {
	uint64_t offset;
	size_t size;
	const char *revision;
};

struct cache {
	struct arena *arena;
	struct map *items;
	int fd;         /* -1: not made yet, or in memory */
	uint64_t size;  /* bytes written to the file */
	struct buf out; /* what comes behind them; or all, in memory */
	bool in_memory;
};

struct cache *cache_new(void)
{
	struct cache *cache = memory_alloc(sizeof *cache);

	cache->arena = arena_new();
	cache->items = map_new();
	cache->fd = -1;
	buf_init(&cache->out, MEMORY_MOST > 2 * ITEM_MOST ? MEMORY_MOST : 2 * ITEM_MOST);
	return cache;
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	if (cache->fd >= 0)
		close(cache->fd);
	buf_free(&cache->out);
	map_free(cache->items);
	arena_free(cache->arena);
	free(cache);
}

/* The file is removed at once: nothing is left when the program is killed. */
static const struct fail *file_make(struct cache *cache, struct spool *spool)
{
	char name[64];
	const struct fail *f;

	cache->in_memory = !spool || spool->directory < 0;
	if (cache->in_memory || cache->fd >= 0)
		return NULL;
	snprintf(name, sizeof name, "%s%u", spool->prefix, spool->next++);
	f = file_create(spool->directory, name, &cache->fd);
	if (f)
		return f;
	if (unlinkat(spool->directory, name, 0) != 0)
		return fail_errno(FAIL_ACCOUNT, errno, "%s", name);
	return NULL;
}

static const struct fail *flush(struct cache *cache)
{
	const struct fail *f;

	if (cache->in_memory || !cache->out.size)
		return NULL;
	f = file_write(cache->fd, cache->out.data, cache->out.size);
	if (f)
		return f;
	cache->size += cache->out.size;
	buf_clear(&cache->out);
	return NULL;
}

/* The name of an item among all. */
static const char *key_of(struct buf *key, const struct collection *collection, const char *ref)
{
	buf_init(key, 16384);
	buf_addf(key, "%s\n%s", collection->name, ref);
	return key->data;
}

static struct kept *kept_of(const struct cache *cache, const struct collection *collection, const char *ref)
{
	struct buf key;
	struct kept *kept = map_get(cache->items, key_of(&key, collection, ref));

	buf_free(&key);
	return kept;
}

const struct fail *cache_put(struct cache *cache, struct spool *spool, const struct collection *collection,
			     const char *ref, const char *revision, const char *data, size_t size)
{
	const struct fail *f = NULL;
	struct kept *kept;
	struct buf key;

	cache_drop(cache, collection, ref);
	if (cache->fd < 0 && (f = file_make(cache, spool)))
		return f;
	if (cache->in_memory ? cache->out.size + size > MEMORY_MOST : cache->size + size > FILE_MOST)
		return NULL;
	if (cache->out.size + size > OUT_ROOM && (f = flush(cache)))
		return f;
	kept = arena_alloc(cache->arena, sizeof *kept);
	kept->offset = cache->size + cache->out.size;
	kept->size = size;
	kept->revision = arena_str(cache->arena, revision);
	buf_add(&cache->out, data, size);
	if (cache->out.over)
		return fail_make(FAIL_DATA, FAIL_ITEM, "larger than koc takes");
	map_set(cache->items, key_of(&key, collection, ref), kept);
	buf_free(&key);
	return NULL;
}

const char *cache_revision(const struct cache *cache, const struct collection *collection, const char *ref)
{
	const struct kept *kept = kept_of(cache, collection, ref);

	return kept ? kept->revision : NULL;
}

static const struct fail *read_at(int fd, uint64_t offset, char *data, size_t size)
{
	while (size) {
		ssize_t got = pread(fd, data, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail_errno(FAIL_ITEM, got ? errno : EIO, "cannot read the spool");
		data += got;
		size -= (size_t)got;
		offset += (uint64_t)got;
	}
	return NULL;
}

const struct fail *cache_body(struct cache *cache, const struct collection *collection, const char *ref,
			      enum body_form form, struct body **body)
{
	const struct kept *kept = kept_of(cache, collection, ref);
	const struct fail *f = NULL;
	char *data;

	*body = NULL;
	if (!kept)
		return NULL;
	if (kept->offset >= cache->size)
		return body_of_memory(cache->out.data + (kept->offset - cache->size), kept->size, form, body);
	data = memory_resize(NULL, kept->size + 1, 1);
	f = read_at(cache->fd, kept->offset, data, kept->size);
	if (!f)
		f = body_of_memory(data, kept->size, form, body);
	free(data);
	return f;
}

void cache_drop(struct cache *cache, const struct collection *collection, const char *ref)
{
	struct buf key;

	if (kept_of(cache, collection, ref))
		map_set(cache->items, key_of(&key, collection, ref), NULL);
	else
		return;
	buf_free(&key);
}
