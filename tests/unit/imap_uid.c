/* UIDs: refs, sets, ranges, and the listing that is made of what answers told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/flags.h"
#include "store/imap/seen.h"
#include "store/imap/uid.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void refs_sort_as_numbers(void **state)
{
	static const uint32_t uids[] = { 1, 9, 10, 99, 1000, 4294967295u };
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	assert_string_equal(uid_ref(arena, 77), "0000000077");
	assert_string_equal(uid_ref(arena, (uint64_t)UINT32_MAX + 1), "4294967296");
	for (size_t i = 0; i < COUNT(uids); i++, passed++) {
		assert_int_equal(uid_of_ref(uid_ref(arena, uids[i])), uids[i]);
		assert_true(i == 0 || strcmp(uid_ref(arena, uids[i - 1]), uid_ref(arena, uids[i])) < 0);
	}
	assert_int_equal(uid_of_ref(NULL), 0);
	assert_int_equal(uid_of_ref(""), 0);
	assert_int_equal(uid_of_ref("77"), 0);
	assert_int_equal(uid_of_ref("000000007x"), 0);
	assert_int_equal(uid_of_ref("00000000077"), 0);
	assert_int_equal(uid_of_ref("4294967296"), 0);
	assert_true(passed >= 6);
	arena_free(arena);
}

static void sets_are_compressed(void **state)
{
	static const uint32_t uids[] = { 1, 2, 3, 7, 9, 10, 4294967294u, 4294967295u };
	static const uint32_t down[] = { 4294967295u, 4294967294u, 10, 9, 7, 3, 2, 1 };
	struct buf set;

	(void)state;
	buf_init(&set, 1000);
	assert_int_equal(uid_set_add(&set, uids, COUNT(uids), 100, 900), 8);
	assert_string_equal(set.data, "1:3,7,9:10,4294967294:4294967295");
	buf_clear(&set);
	assert_int_equal(uid_set_add(&set, uids, COUNT(uids), 2, 900), 2);
	assert_string_equal(set.data, "1:2");
	buf_clear(&set);
	assert_int_equal(uid_set_add(&set, uids, COUNT(uids), 100, 5), 4);
	assert_string_equal(set.data, "1:3,7");
	buf_clear(&set);
	assert_int_equal(uid_set_add(&set, down, COUNT(down), 100, 900), 8);
	assert_string_equal(set.data, "4294967294:4294967295,9:10,7,1:3");
	buf_clear(&set);
	assert_int_equal(uid_set_add(&set, down, COUNT(down), 100, 26), 4);
	assert_string_equal(set.data, "4294967294:4294967295,9:10");
	buf_clear(&set);
	/* At least one, however little room there is. */
	assert_int_equal(uid_set_add(&set, uids + 6, 2, 100, 1), 2);
	assert_string_equal(set.data, "4294967294:4294967295");
	buf_free(&set);
}

static void sets_are_read(void **state)
{
	static const char *const bad[] = { "", "*", "0", "1:*", "1:", ":1", "4294967296", "x", ",1" };
	const char *at = "5,9:7,4294967295";
	struct uid_range range;
	size_t passed = 0;

	(void)state;
	assert_true(uid_set_next(&at, &range) && range.first == 5 && range.last == 5);
	assert_true(uid_set_next(&at, &range) && range.first == 7 && range.last == 9);
	assert_true(uid_set_next(&at, &range) && range.first == UINT32_MAX);
	assert_int_equal(*at, '\0');
	for (size_t i = 0; i < COUNT(bad); i++, passed++) {
		at = bad[i];
		assert_false(uid_set_next(&at, &range));
	}
	assert_true(passed >= 9);
}

static void ranges_are_joined(void **state)
{
	struct uid_range ranges[] = { { 10, 12 }, { 1, 3 }, { 4, 5 }, { 11, 20 }, { 30, UINT32_MAX },
				      { 40, 41 } };
	size_t count;

	(void)state;
	count = uid_ranges_merge(ranges, COUNT(ranges));
	assert_int_equal(count, 3);
	assert_true(ranges[0].first == 1 && ranges[0].last == 5);
	assert_true(ranges[1].first == 10 && ranges[1].last == 20);
	assert_true(ranges[2].first == 30 && ranges[2].last == UINT32_MAX);
	assert_true(uid_ranges_have(ranges, count, 1) && uid_ranges_have(ranges, count, 5));
	assert_false(uid_ranges_have(ranges, count, 6) || uid_ranges_have(ranges, count, 29));
	assert_true(uid_ranges_have(ranges, count, UINT32_MAX));
	assert_int_equal(uid_ranges_merge(ranges, 0), 0);
}

/* ---- seen ---------------------------------------------------------------------------------- */

static void flags_of(struct seen *seen, uint32_t uid, uint32_t bits, const char *keywords)
{
	struct fetched fetched = { .uid = uid, .has_flags = true, .flags = { bits, keywords } };

	seen_fetched(seen, &fetched);
}

static void size_of(struct seen *seen, uint32_t uid, uint64_t size)
{
	struct fetched fetched = { .uid = uid, .has_size = true, .size = size, .date = 1 };

	seen_fetched(seen, &fetched);
}

static struct listing *list(struct seen *seen, uint64_t next, bool complete)
{
	struct listing *listing = arena_alloc(seen->arena, sizeof *listing);

	seen_list(seen, next, complete, listing);
	return listing;
}

static void what_was_told_adds_up(void **state)
{
	struct seen seen;
	struct listing *listing;

	(void)state;
	seen_init(&seen, arena_new());
	/* Out of order, twice, in pieces, without a UID, beyond the end. */
	flags_of(&seen, 9, FLAG_SEEN, "b");
	flags_of(&seen, 3, 0, "a");
	size_of(&seen, 9, 100);
	flags_of(&seen, 3, FLAG_FLAGGED, NULL);
	flags_of(&seen, 0, FLAG_SEEN, NULL);
	flags_of(&seen, 12, FLAG_SEEN, NULL);
	size_of(&seen, 5, 7);
	assert_int_equal(seen_count(&seen, 1, 10), 3);
	assert_int_equal(seen_count(&seen, 4, 9), 1);
	listing = list(&seen, 12, true);
	assert_int_equal(listing->count, 3);
	assert_string_equal(listing->entries[0].ref, "0000000003");
	assert_int_equal(listing->entries[0].flags.bits, FLAG_FLAGGED);
	assert_null(listing->entries[0].flags.keywords);
	assert_string_equal(listing->entries[1].ref, "0000000005");
	assert_int_equal(listing->entries[1].says, SAYS_SIZE);
	assert_string_equal(listing->entries[2].ref, "0000000009");
	assert_int_equal(listing->entries[2].says, SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE);
	assert_string_equal(listing->entries[2].flags.keywords, "b");
	assert_int_equal(listing->entries[2].size, 100);
	assert_int_equal(listing->gone_count, 0);
	arena_free(seen.arena);
	seen_free(&seen);
}

static void what_vanished_is_not_listed(void **state)
{
	struct seen seen;
	struct listing *listing;

	(void)state;
	seen_init(&seen, arena_new());
	seen_gone(&seen, (struct uid_range){ 8, 9 });
	flags_of(&seen, 3, 0, NULL);
	flags_of(&seen, 9, 0, NULL);
	seen_gone(&seen, (struct uid_range){ 1, 2 });
	seen_gone(&seen, (struct uid_range){ 10, 10 });
	listing = list(&seen, 100, false);
	assert_int_equal(listing->count, 1);
	assert_int_equal(listing->gone_count, 2);
	assert_string_equal(listing->gone[0].first, "0000000001");
	assert_string_equal(listing->gone[0].last, "0000000002");
	assert_string_equal(listing->gone[1].first, "0000000008");
	assert_string_equal(listing->gone[1].last, "0000000010");
	/* Beginning anew forgets. */
	seen_clear(&seen);
	listing = list(&seen, 100, true);
	assert_int_equal(listing->count, 0);
	arena_free(seen.arena);
	seen_free(&seen);
}

static void a_search_says_what_is_there(void **state)
{
	struct seen seen;
	struct listing *listing;

	(void)state;
	seen_init(&seen, arena_new());
	flags_of(&seen, 3, FLAG_SEEN, NULL);
	flags_of(&seen, 4, FLAG_SEEN, NULL);
	seen_searched(&seen);
	seen_found(&seen, 7);
	seen_found(&seen, 3);
	seen_found(&seen, 3);
	seen_found(&seen, 50);
	listing = list(&seen, 50, true);
	assert_int_equal(listing->count, 2);
	assert_string_equal(listing->entries[0].ref, "0000000003");
	assert_int_equal(listing->entries[0].says, SAYS_BITS | SAYS_KEYWORDS);
	assert_string_equal(listing->entries[1].ref, "0000000007");
	assert_int_equal(listing->entries[1].says, 0);
	arena_free(seen.arena);
	seen_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refs_sort_as_numbers),
		cmocka_unit_test(sets_are_compressed),
		cmocka_unit_test(sets_are_read),
		cmocka_unit_test(ranges_are_joined),
		cmocka_unit_test(what_was_told_adds_up),
		cmocka_unit_test(what_vanished_is_not_listed),
		cmocka_unit_test(a_search_says_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
