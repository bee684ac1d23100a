/* Pool: interned strings and bodies (see pool.h). */
#include "store/pool.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/memory.h"
#include "store/body.h"

#include <string.h>

struct memory_pool {
	unsigned owners;
	struct map *strings; /* a string → the map's copy of it */
	struct map *bodies;  /* bytes → struct pooled_body */
	struct arena *arena;
	struct arena *scratch;
};

/* A body, and what is worked out only when it is asked for. */
struct pooled_body {
	struct memory_body body;
	bool printed, bad;
	struct print print;
	const char *message_id;
};

struct memory_pool *pool_new(void)
{
	struct memory_pool *pool = memory_alloc(sizeof *pool);
	pool->owners = 1;
	pool->strings = map_new();
	pool->bodies = map_new();
	pool->arena = arena_new();
	pool->scratch = arena_new();
	return pool;
}

struct memory_pool *pool_share(struct memory_pool *pool)
{
	pool->owners++;
	return pool;
}

void pool_free(struct memory_pool *pool)
{
	if (!pool || --pool->owners)
		return;
	map_free(pool->strings);
	map_free(pool->bodies);
	arena_free(pool->arena);
	arena_free(pool->scratch);
	free(pool);
}

struct arena *pool_scratch(struct memory_pool *pool)
{
	arena_reset(pool->scratch);
	return pool->scratch;
}

const char *pool_string(struct memory_pool *pool, const char *s)
{
	const char *known;

	if (!s)
		return NULL;
	known = map_get(pool->strings, s);
	if (!known) {
		known = map_set(pool->strings, s, pool);
		map_set(pool->strings, s, (void *)known);
	}
	return known;
}

/* Does every line end with CRLF, with no other CR or LF anywhere, and is there a line end at all? */
static bool all_crlf(const char *data, size_t size)
{
	bool any = false;

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n')
			return false;
		if (data[i] == '\r') {
			if (i + 1 == size || data[i + 1] != '\n')
				return false;
			any = true;
			i++;
		}
	}
	return any;
}

static const struct memory_body *plain_of(struct memory_pool *pool, const char *data, size_t size)
{
	const struct memory_body *plain;
	struct buf buf;

	buf_init(&buf, size);
	for (size_t i = 0; i < size; i++)
		if (data[i] != '\r')
			buf_addc(&buf, data[i]);
	plain = pool_body(pool, buf.data, buf.size);
	buf_free(&buf);
	return plain;
}

const struct memory_body *pool_body(struct memory_pool *pool, const void *data, size_t size)
{
	struct pooled_body *known = map_getn(pool->bodies, data, size);
	char *copy;

	if (known)
		return &known->body;
	copy = arena_alloc(pool->arena, size + 1);
	if (size)
		memcpy(copy, data, size);
	known = arena_alloc(pool->arena, sizeof *known);
	known->body.data = copy;
	known->body.size = size;
	known->body.plain = all_crlf(copy, size) ? plain_of(pool, copy, size) : &known->body;
	map_setn(pool->bodies, copy, size, known);
	return &known->body;
}

bool pool_print(struct memory_pool *pool, const struct memory_body *body, struct print *print,
		const char **message_id)
{
	struct pooled_body *known = map_getn(pool->bodies, body->data, body->size);
	struct body *scanned = NULL;

	if (!known->printed) {
		known->printed = true;
		known->bad = body_of_memory(body->data, body->size, BODY_MAIL, &scanned) != NULL;
		if (!known->bad) {
			known->print = scanned->print;
			known->message_id = pool_string(pool, scanned->fields.message_id);
		}
		body_free(scanned);
	}
	*print = known->print;
	*message_id = known->message_id;
	return !known->bad;
}
