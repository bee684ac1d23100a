/* Heap memory that cannot fail: out of memory ends the program. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_OUT_OF_MEMORY 71 /* EX_OSERR */

static _Noreturn void memory_end(void)
{
	static const char line[] = "koc: out of memory\n";
	ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);

	(void)written;
	_exit(EXIT_OUT_OF_MEMORY);
}

void *memory_alloc(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		memory_end();
	return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
	void *memory = NULL;
	size_t bytes;

	if (!__builtin_mul_overflow(count, size, &bytes))
		memory = realloc(old, bytes ? bytes : 1);
	if (!memory)
		memory_end();
	return memory;
}

char *memory_str(const char *s)
{
	size_t size;

	if (!s)
		return NULL;
	size = strlen(s) + 1;
	return memcpy(memory_alloc(size), s, size);
}
