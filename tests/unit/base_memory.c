/* arena.h, vec.h, buf.h, map.h: what lies in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_arena(void **state)
{
	struct arena *arena = arena_new();
	char long_text[1000];
	size_t size;

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 1; i < 2000; i++) {
			char *odd = arena_strn(arena, "odd", i % 4);
			unsigned char *bytes = arena_alloc(arena, i);

			assert_int_equal(strlen(odd), i % 4);
			assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
			for (size_t j = 0; j < i; j++)
				assert_int_equal(bytes[j], 0);
			memset(bytes, 0xff, i);
		}
		size = arena_size(arena);
		assert_true(size >= 1999 * 2000 / 2 && size < 4 * 1999 * 2000 / 2);
		arena_reset(arena);
		assert_true(arena_size(arena) <= 4096);
	}
	assert_null(arena_str(arena, NULL));
	assert_string_equal(arena_str(arena, ""), "");
	assert_string_equal(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
	assert_string_equal(arena_printf(arena, "%s", long_text), long_text);
	memset(arena_alloc(arena, 3 << 20), 1, 3 << 20);
	arena_free(arena);
	arena_free(NULL);
}

static void test_vec(void **state)
{
	struct {
		VEC(struct { int a; char text[5]; })
	} vec = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(vec_push(&vec)->a, 0);
		vec.items[i].a = i;
		memset(vec.items[i].text, 'x', sizeof vec.items[i].text);
	}
	assert_int_equal(vec.count, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(vec.items[i].a, i);
	vec_free(&vec);
	assert_null(vec.items);
	assert_int_equal(vec.count, 0);
	vec_push(&vec)->a = 1;
	vec_free(&vec);
}

static void test_buf(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_string_equal(buf.data, "");
	buf_add(&buf, "12345", 5);
	buf_addf(&buf, "%s", "678");
	buf_addc(&buf, '9');
	assert_string_equal(buf.data, "123456789");
	assert_false(buf.over);
	buf_adds(&buf, "ab");
	assert_true(buf.over);
	assert_string_equal(buf.data, "123456789");
	buf_addf(&buf, "%d", 1000);
	assert_string_equal(buf.data, "123456789");
	buf_addc(&buf, '0');
	assert_int_equal(buf.size, 10);
	buf_drop(&buf, 4);
	assert_string_equal(buf.data, "567890");
	buf_drop(&buf, 100);
	assert_string_equal(buf.data, "");
	buf_clear(&buf);
	assert_false(buf.over);
	buf_add(&buf, "a\0b", 3);
	assert_memory_equal(buf.data, "a\0b", 4);
	buf_free(&buf);
	assert_string_equal(buf.data, "");

	buf_init(&buf, SIZE_MAX);
	for (int i = 0; i < 100000; i++)
		buf_addf(&buf, "%d,", i % 10);
	assert_int_equal(buf.size, 200000);
	assert_int_equal(strlen(buf.data), 200000);
	assert_memory_equal(buf.data + 199998, "9,", 3);
	buf_free(&buf);
}

struct visit {
	int next;
	int seen;
};

/* A value that says which it is. */
static void *number(int i)
{
	return (void *)((uintptr_t)i + 1);
}

static void visit_in_order(void *context, const char *key, void *value)
{
	struct visit *visit = context;
	char expected[32];

	if (visit->next == 500)
		visit->next++; /* was set to NULL */
	snprintf(expected, sizeof expected, "key %d", visit->next);
	assert_string_equal(key, expected);
	assert_ptr_equal(value, number(visit->next));
	visit->next++;
	visit->seen++;
}

static void test_map(void **state)
{
	struct map *map = map_new();
	struct visit visit = { 0 };
	char key[32];
	const char *copy;

	(void)state;
	assert_null(map_get(map, "nothing"));
	for (int i = 0; i < 50000; i++) {
		snprintf(key, sizeof key, "key %d", i);
		copy = map_set(map, key, number(i));
		assert_ptr_not_equal(copy, key);
		assert_string_equal(copy, key);
	}
	assert_int_equal(map_count(map), 50000);
	for (int i = 0; i < 50000; i++) {
		snprintf(key, sizeof key, "key %d", i);
		assert_ptr_equal(map_get(map, key), number(i));
	}
	assert_null(map_get(map, "key 50000"));
	map_set(map, "key 500", NULL);
	assert_null(map_get(map, "key 500"));
	map_each(map, visit_in_order, &visit);
	assert_int_equal(visit.seen, 49999);

	map_setn(map, "", 0, map);
	map_setn(map, "\0", 1, &visit);
	map_setn(map, "a\0b", 3, key);
	assert_ptr_equal(map_getn(map, "", 0), map);
	assert_ptr_equal(map_get(map, ""), map);
	assert_ptr_equal(map_getn(map, "\0", 1), &visit);
	assert_ptr_equal(map_getn(map, "a\0b", 3), key);
	assert_null(map_get(map, "a"));
	map_free(map);
	map_free(NULL);
}

/* Out of memory ends the process with status 71, in a child of this test. */
static void test_out_of_memory(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		close(STDERR_FILENO);
		free(memory_resize(NULL, SIZE_MAX / 2, 3));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 71);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_vec),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
