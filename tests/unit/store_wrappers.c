/* The wrappers around a store: trace and fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "store/fault.h"
#include "store/memory.h"
#include "store/trace.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define INBOX "mail/INBOX"

static struct arena *arena;
static struct memory_world *world;
static struct store *store;
static struct store_folder *inbox;
static struct body *message;
static struct buf text;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	buf_init(&text, 1 << 20);
	world = world_new(WORLD_MAIL_SERVER, NULL);
	world_folder_make(world, KIND_MAIL, INBOX, ROLE_INBOX);
	assert_null(body_of_memory("Subject: 1\n\nbody\n", 17, BODY_MAIL, &message));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	body_free(message);
	world_free(world);
	arena_free(arena);
	buf_free(&text);
	store = NULL;
	return 0;
}

static void find_inbox(void)
{
	struct folder_list list = { 0 };

	assert_null(store_folders(store, NULL, 0, arena, &list));
	assert_int_equal(list.count, 1);
	inbox = &list.items[0];
}

static size_t items(void)
{
	size_t count;

	world_items(world, INBOX, &count);
	return count;
}

static const struct fail *done(void *context, struct read *read)
{
	size_t *count = context;

	++*count;
	body_free(read->body);
	read->body = NULL;
	return NULL;
}

/* ---- trace -------------------------------------------------------------------------------- */

static void a_trace_reads_well(void **state)
{
	struct memory_options options = { .queues = true, .lists = MEMORY_DELTA };
	struct write write = { .body = message, .flags = { FLAG_SEEN, "todo" } };
	struct flag_change change = { .ref = "0000000009", .add = { .bits = FLAG_FLAGGED } };
	struct removal removal = { .ref = "0000000001" };
	struct transfer transfer = { .ref = "0000000001", .copy = true };
	struct look look = { .cursor = "" };
	struct read read = { .ref = "0000000001", .part = PART_WHOLE };
	size_t reads = 0;

	(void)state;
	store = trace_open(memory_open(world, &options), "server", &text);
	assert_int_equal(store->traits, STORE_REFS_KEPT | STORE_TRANSFERS);
	find_inbox();
	write.folder = change.folder = removal.folder = look.folder = read.folder = inbox;
	transfer.folder = transfer.to = inbox;
	assert_null(store_write(store, &write, 1, arena));
	assert_null(store_flag(store, &change, 1, arena));
	assert_null(store_transfer(store, &transfer, 1, arena));
	assert_null(store_sync(store));
	assert_null(store_list(store, &look, 1));
	listing_free(look.listing);
	assert_null(store_read(store, &read, 1, done, &reads, arena));
	assert_int_equal(reads, 1);
	assert_null(store_remove(store, &removal, 1, arena));
	assert_null(store_sync(store));
	store_close(store);
	store = NULL;
	assert_string_equal(
		text.data,
		"server folders\n"
		"server = mail/INBOX name =mail/INBOX news next 0000000001 identity 1001 count 0 "
		"roles 0x1\n"
		"server write mail/INBOX 17 bytes \\Seen todo\n"
		"server flag mail/INBOX 0000000009 add \\Flagged\n"
		"server copy mail/INBOX 0000000001 to mail/INBOX\n"
		"server sync\n"
		"server = mail/INBOX 0000000001 \\Seen todo\n"
		"server = mail/INBOX missing: mail/INBOX: 0000000009 is not there\n"
		"server = mail/INBOX 0000000002 \\Seen todo\n"
		"server list mail/INBOX cursor \"\"\n"
		"server = mail/INBOX complete, 2 entries, 0 gone, cursor 1001:3\n"
		"server read mail/INBOX 0000000001 whole\n"
		"server = mail/INBOX 0000000001 17 bytes \\Seen todo\n"
		"server remove mail/INBOX 0000000001\n"
		"server sync\n"
		"server = mail/INBOX done\n"
		"server close\n");
}

/* ---- fault -------------------------------------------------------------------------------- */

/* A store with three items, three new ones written; how many of the requests failed. */
static size_t write_three(struct fault *fault, bool queues)
{
	struct memory_options options = { .queues = queues };
	struct write writes[3];
	const struct fail *f, *g;
	size_t failed = 0;

	store_close(store);
	store = NULL;
	world_folder_remove(world, INBOX);
	world_folder_make(world, KIND_MAIL, INBOX, 0);
	store = fault_open(memory_open(world, &options), fault);
	find_inbox();
	for (size_t i = 0; i < COUNT(writes); i++)
		writes[i] = (struct write){ .folder = inbox, .body = message };
	f = store_write(store, writes, COUNT(writes), arena);
	g = f ? f : store_sync(store);
	if (f)
		assert_true(f->code == fault->code);
	for (size_t i = 0; i < COUNT(writes); i++) {
		if (writes[i].fail)
			assert_null(writes[i].now.ref);
		failed += writes[i].fail != NULL;
	}
	assert_true(!g || failed);
	return failed;
}

static void the_nth_request_fails(void **state)
{
	size_t passed = 0;

	(void)state;
	for (int queues = 0; queues < 2; queues++)
		for (uint64_t at = 0; at <= 4; at++)
			for (int late = 0; late < 2; late++) {
				struct fault fault = {
					.at = at,
					.request = true,
					.only = "write",
					.late = late,
					.code = FAIL_QUOTA,
					.scope = FAIL_ITEM,
				};
				bool hit = at >= 1 && at <= 3;

				assert_int_equal(write_three(&fault, queues), hit);
				assert_int_equal(fault.hit, hit);
				assert_int_equal(fault.seen, 3);
				assert_int_equal(items(), hit && !late ? 2 : 3);
				passed++;
			}
	assert_int_equal(passed, 20);
}

static void the_nth_call_fails(void **state)
{
	size_t passed = 0;

	(void)state;
	for (int queues = 0; queues < 2; queues++)
		for (int late = 0; late < 2; late++) {
			struct fault fault = {
				.at = 1,
				.only = "write",
				.late = late,
				.code = FAIL_UNREACHABLE,
				.scope = FAIL_ACCOUNT,
			};

			assert_int_equal(write_three(&fault, queues), 3);
			assert_true(fault.hit);
			assert_int_equal(items(), late ? 3 : 0);
			/* It was one call alone that failed. */
			assert_null(store_sync(store));
			passed++;
		}
	assert_int_equal(passed, 4);
}

static void a_broken_connection_stays_broken(void **state)
{
	size_t passed = 0;

	(void)state;
	for (uint64_t at = 1; at <= 3; at++)
		for (int late = 0; late < 2; late++) {
			struct fault fault = {
				.at = at,
				.request = true,
				.only = "write",
				.late = late,
				.broken = true,
				.code = FAIL_UNREACHABLE,
				.scope = FAIL_ACCOUNT,
			};
			struct look look = { .cursor = "" };
			struct folder_list list;
			bool there;

			/* From the broken one on no request has an outcome. */
			assert_int_equal(write_three(&fault, at & 1), 4 - at);
			assert_int_equal(items(), late ? at : at - 1);
			look.folder = inbox;
			assert_non_null(store_list(store, &look, 1));
			assert_non_null(look.fail);
			assert_null(look.listing);
			assert_non_null(store_sync(store));
			assert_non_null(store_exists(store, inbox, "0000000001", &there));
			assert_non_null(store_folders(store, NULL, 0, arena, &list));
			passed++;
		}
	assert_int_equal(passed, 6);
}

static void looks_and_reads_fail_too(void **state)
{
	struct fault fault = { .at = 2, .request = true, .only = "read", .code = FAIL_PROTOCOL };
	struct read reads[3] = { 0 };
	struct look look = { .cursor = "" };
	size_t told = 0;

	(void)state;
	assert_int_equal(write_three(&(struct fault){ 0 }, false), 0);
	store_close(store);
	store = fault_open(memory_open(world, &(struct memory_options){ 0 }), &fault);
	find_inbox();
	for (size_t i = 0; i < COUNT(reads); i++)
		reads[i] = (struct read){ .folder = inbox, .ref = "0000000001", .part = PART_WHOLE };
	assert_null(store_read(store, reads, COUNT(reads), done, &told, arena));
	assert_int_equal(told, 3);
	assert_null(reads[0].fail);
	assert_true(fail_is(reads[1].fail, FAIL_PROTOCOL));
	assert_null(reads[2].fail);
	fault = (struct fault){ .at = 1, .only = "list", .code = FAIL_UNREACHABLE };
	look.folder = inbox;
	assert_true(fail_is(store_list(store, &look, 1), FAIL_UNREACHABLE));
	assert_null(look.listing);
	assert_null(store_list(store, &look, 1));
	assert_int_equal(look.listing->count, 3);
	listing_free(look.listing);
}

static void every_call_can_fail(void **state)
{
	static const char *const calls[] = { "folders", "make",	    "rename", "drop",	"list",
					     "read",	"write",    "flag",   "transfer", "remove",
					     "exists",	"find",	    "sync" };
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		struct fault fault = { .at = 1, .only = calls[i], .code = FAIL_REFUSED };
		struct folder_list list;
		struct store_folder made;
		struct look look = { .cursor = "" };
		struct find find = { .next = "" };
		struct transfer transfer = { .ref = "x" };
		struct read read = { .ref = "x" };
		struct flag_change change = { .ref = "x" };
		struct removal removal = { .ref = "x" };
		struct write write = { .body = message };
		size_t told = 0;
		bool there;

		assert_int_equal(write_three(&(struct fault){ 0 }, false), 0);
		store_close(store);
		store = fault_open(memory_open(world, &(struct memory_options){ 0 }), &fault);
		look.folder = find.folder = read.folder = change.folder = removal.folder = inbox;
		write.folder = transfer.folder = transfer.to = inbox;
#define CALL(name, call)                                                                           \
	do {                                                                                       \
		const struct fail *f_ = (call);                                                    \
		if (strcmp(calls[i], name) == 0) {                                                 \
			assert_true(fail_is(f_, FAIL_REFUSED));                                    \
			assert_true(fault.hit);                                                    \
			passed++;                                                                  \
		} else if (strcmp(name, "drop") != 0) {                                            \
			assert_null(f_);                                                           \
		}                                                                                  \
	} while (0)
		CALL("folders", store_folders(store, NULL, 0, arena, &list));
		CALL("make", store_make(store, "mail/New", 0, arena, &made));
		world_folder_remove(world, "mail/New");
		CALL("rename", store_rename(store, inbox, "mail/Other", arena, &made));
		world_folder_rename(world, "mail/Other", INBOX);
		CALL("list", store_list(store, &look, 1));
		listing_free(look.listing);
		CALL("read", store_read(store, &read, 1, done, &told, arena));
		CALL("find", store_find(store, &find, 1, arena));
		CALL("exists", store_exists(store, inbox, "x", &there));
		CALL("write", store_write(store, &write, 1, arena));
		CALL("flag", store_flag(store, &change, 1, arena));
		CALL("transfer", store_transfer(store, &transfer, 1, arena));
		CALL("remove", store_remove(store, &removal, 1, arena));
		CALL("sync", store_sync(store));
		/* Refused in any case: it is not empty. */
		CALL("drop", store_drop(store, inbox));
#undef CALL
		assert_int_equal(fault.seen, 1);
	}
	assert_int_equal(passed, COUNT(calls));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_trace_reads_well),
		TEST(the_nth_request_fails),
		TEST(the_nth_call_fails),
		TEST(a_broken_connection_stays_broken),
		TEST(looks_and_reads_fail_too),
		TEST(every_call_can_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
