/* Arena: a chain of blocks, each filled from its start; what is big gets a block of its own. */
#include "base/arena.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_FIRST ((size_t)4096 - 64)
#define ARENA_MOST  ((size_t)256 * 1024 - 64)
#define ARENA_ALIGN _Alignof(max_align_t)

struct block {
	struct block *next; /* older */
	size_t room;
	size_t used;
	_Alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks; /* newest first: the one that is being filled */
	size_t size;
};

struct arena *arena_new(void)
{
	return memory_alloc(sizeof(struct arena));
}

static void blocks_free(struct block *block)
{
	while (block) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	blocks_free(arena->blocks);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	struct block *first = arena->blocks;

	if (!first)
		return;
	while (first->next) {
		struct block *next = first->next;

		free(first);
		first = next;
	}
	first->used = 0;
	arena->blocks = first;
	arena->size = sizeof *first + first->room;
}

static struct block *block_add(struct arena *arena, size_t least)
{
	size_t room = arena->blocks ? arena->blocks->room * 2 : ARENA_FIRST;
	struct block *block;

	if (room > ARENA_MOST)
		room = ARENA_MOST;
	if (room < least)
		room = least;
	/* Not memory_alloc: blocks are zeroed as they are handed out. */
	block = memory_resize(NULL, 1, sizeof *block + room);
	block->room = room;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->size += sizeof *block + room;
	return block;
}

/* Uninitialised memory; `align` is a power of two. */
static char *arena_take(struct arena *arena, size_t size, size_t align)
{
	struct block *block = arena->blocks;
	size_t start = 0;

	if (size > SIZE_MAX / 4)
		return memory_resize(NULL, SIZE_MAX, 2); /* ends the program */
	if (block)
		start = (block->used + align - 1) & ~(align - 1);
	if (!block || start > block->room || block->room - start < size) {
		block = block_add(arena, size);
		start = 0;
	}
	block->used = start + size;
	return block->data + start;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(arena_take(arena, size, ARENA_ALIGN), 0, size);
}

char *arena_strn(struct arena *arena, const char *s, size_t n)
{
	char *copy = arena_take(arena, n + 1, 1);

	if (n)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_str(struct arena *arena, const char *s)
{
	return s ? arena_strn(arena, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	char small[256];
	char *text;
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(small, sizeof small, format, args);
	va_end(args);
	if (size < 0)
		return arena_strn(arena, "", 0);
	if ((size_t)size < sizeof small)
		return arena_strn(arena, small, (size_t)size);
	text = arena_take(arena, (size_t)size + 1, 1);
	va_start(args, format);
	vsnprintf(text, (size_t)size + 1, format, args);
	va_end(args);
	return text;
}

size_t arena_size(const struct arena *arena)
{
	return arena->size;
}
