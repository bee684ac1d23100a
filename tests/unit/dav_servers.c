/* The DAV driver on two servers at once: an account whose calendars lie on one and whose address books, and some
 * more calendars, on another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "davserver.h"
#include "store/dav/dav.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char event[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:one\r\n"
			    "DTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nSUMMARY:One\r\n"
			    "END:VEVENT\r\nEND:VCALENDAR\r\n";

struct two {
	struct davserver servers[2];
	struct arena *arena;
	struct spool spool;
	const char *urls[2];
	struct dav_options options;
	struct store *store;
	struct folder_list list;
};

static void ok(const struct fail *f)
{
	if (f)
		fail_msg("%s: %s", fail_word(f->code), f->text);
}

static void two_begin(struct two *two)
{
	static const char *const none[] = { NULL };

	*two = (struct two){ .spool.directory = -1, .arena = arena_new() };
	for (size_t i = 0; i < 2; i++) {
		assert_true(davserver_start(&two->servers[i], "radicale", none));
		assert_true(davserver_make(&two->servers[i], "/alice/work/", "Work", "VEVENT"));
		two->urls[i] = arena_printf(two->arena, "%salice/", two->servers[i].url);
	}
	assert_true(davserver_make(&two->servers[1], "/alice/friends/", "Friends", NULL));
	two->options = (struct dav_options){ .urls = two->urls, .url_count = 2, .user = "alice", .secret = "secret",
					     .timeout = 20, .plain = true, .now = 1700000000 };
	two->store = dav_open(&two->options);
	two->store->spool = &two->spool;
}

static void two_end(struct two *two)
{
	store_close(two->store);
	for (size_t i = 0; i < 2; i++)
		davserver_stop(&two->servers[i]);
	arena_free(two->arena);
}

static struct store_folder *folder(struct two *two, const char *path)
{
	for (size_t i = 0; i < two->list.count; i++)
		if (strcmp(two->list.items[i].path, path) == 0)
			return &two->list.items[i];
	fail_msg("no %s", path);
	return NULL;
}

/* How many items a folder has; *ref is one of them. */
static size_t count(struct two *two, const char *path, const char **ref)
{
	struct look look = { .folder = folder(two, path), .cursor = "" };
	size_t n;

	ok(store_list(two->store, &look, 1));
	ok(look.fail);
	n = look.listing->count;
	if (n)
		*ref = arena_str(two->arena, look.listing->entries[0].ref);
	listing_free(look.listing);
	return n;
}

static void two_servers(void **state)
{
	static const char *const paths[] = { "calendars/Work", "calendars/Work-2", "contacts/Friends" };
	struct two two;
	struct write write = { .key = "one" };
	struct transfer move = { 0 };
	struct store_known known[3];
	const char *ref = NULL, *second;

	(void)state;
	two_begin(&two);
	ok(store_folders(two.store, NULL, 0, two.arena, &two.list));
	assert_int_equal(two.list.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(two.list.items[i].path, paths[i]);
	assert_string_equal(two.list.items[0].name, "/alice/work/");
	second = arena_printf(two.arena, "http://127.0.0.1:%s/alice/work/", two.servers[1].http);
	assert_string_equal(two.list.items[1].name, second);

	ok(body_of_memory(event, sizeof event - 1, BODY_CALENDAR, &write.body));
	write.folder = folder(&two, "calendars/Work");
	ok(store_write(two.store, &write, 1, two.arena));
	ok(store_sync(two.store));
	ok(write.fail);
	assert_int_equal(count(&two, "calendars/Work", &ref), 1);
	assert_int_equal(count(&two, "calendars/Work-2", &ref), 0);

	/* No server moves things to another one. */
	move.folder = write.folder;
	move.to = folder(&two, "calendars/Work-2");
	move.ref = write.now.ref;
	move.if_revision = write.now.revision;
	ok(store_transfer(two.store, &move, 1, two.arena));
	ok(store_sync(two.store));
	ok(move.fail);
	assert_int_equal(count(&two, "calendars/Work", &ref), 0);
	assert_int_equal(count(&two, "calendars/Work-2", &ref), 1);
	assert_string_equal(ref, move.now.ref);

	/* The next run knows both again, whatever their order. */
	for (size_t i = 0; i < 3; i++)
		known[i] = (struct store_known){ .path = two.list.items[i].path,
						 .name = two.list.items[i].name, .cursor = "" };
	known[0].path = "calendars/Mine";
	known[1].path = "calendars/Ours";
	two.options.memo = arena_str(two.arena, two.store->memo);
	store_close(two.store);
	two.store = dav_open(&two.options);
	ok(store_folders(two.store, known, 3, two.arena, &two.list));
	assert_int_equal(two.list.count, 3);
	assert_string_equal(folder(&two, "calendars/Mine")->name, "/alice/work/");
	assert_string_equal(folder(&two, "calendars/Ours")->name, second);
	body_free(write.body);
	two_end(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
