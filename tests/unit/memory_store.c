/* The memory store: what is its own beyond the store contract (contract_memory.c): worlds, crashes,
 * races, and the ways in which it can misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/step.h"
#include "store/memory.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define INBOX "mail/INBOX"
#define WORK "mail/Work"

static struct arena *arena;
static struct memory_world *world;
static struct store *store;
static struct store_folder *inbox, *work;

/* ---- setting up --------------------------------------------------------------------------- */

/* Fails at the n-th step, and at all later ones, as a crash does. */
static struct crash {
	unsigned at, seen;
	char last[64];
} crash;

static const struct fail *crash_step(void *context, const char *what)
{
	struct crash *c = context;

	snprintf(c->last, sizeof c->last, "%s", what);
	if (++c->seen < c->at)
		return NULL;
	return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped at step %u", c->at);
}

static void crash_at(unsigned at)
{
	crash = (struct crash){ .at = at };
	step_set_hook(at ? crash_step : NULL, &crash);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	crash_at(0);
	store_close(store);
	world_free(world);
	arena_free(arena);
	store = NULL;
	world = NULL;
	arena = NULL;
	return 0;
}

static void find_folders(void)
{
	struct folder_list list;

	assert_null(store_folders(store, NULL, 0, arena, &list));
	assert_int_equal(list.count, 2);
	inbox = &list.items[0];
	work = &list.items[1];
}

/* A world with INBOX and Work, and a store on it. */
static void open_world(uint32_t form, struct memory_options options)
{
	world = world_new(form, NULL);
	world_folder_make(world, KIND_MAIL, INBOX, ROLE_INBOX);
	world_folder_make(world, KIND_MAIL, WORK, 0);
	store = memory_open(world, &options);
	find_folders();
}

/* As koc starts again after a crash. */
static void open_again(struct memory_options options)
{
	crash_at(0);
	store_close(store);
	store = memory_open(world, &options);
	find_folders();
}

static const char *add(const char *path, const char *text)
{
	return world_add(world, path, &(struct memory_item){ .body = world_text(world, text) });
}

static size_t items_in(const char *path)
{
	size_t count;

	world_items(world, path, &count);
	return count;
}

static struct body *body(const char *text)
{
	struct body *made = NULL;

	assert_null(body_of_memory(text, strlen(text), BODY_MAIL, &made));
	return made;
}

static struct listing *list(const struct store_folder *folder, const char *cursor)
{
	struct look look = { .folder = folder, .cursor = cursor };

	assert_null(store_list(store, &look, 1));
	assert_null(look.fail);
	return look.listing;
}

/* ---- worlds ------------------------------------------------------------------------------- */

static void a_clone_is_on_its_own(void **state)
{
	struct memory_world *clone;
	const char *one, *two;

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ 0 });
	one = add(INBOX, "Subject: one\n\n1\n");
	two = add(INBOX, "Subject: two\n\n2\n");
	clone = world_clone(world);
	assert_true(world_remove(world, INBOX, one));
	assert_true(world_flag(world, INBOX, two, (struct flags){ .bits = FLAG_SEEN },
			       (struct flags){ 0 }));
	assert_true(world_folder_remove(world, WORK));
	assert_int_equal(items_in(INBOX), 1);
	assert_non_null(world_item(clone, INBOX, one));
	assert_int_equal(world_item(clone, INBOX, two)->flags.bits, 0);
	assert_non_null(world_folder(clone, WORK));
	/* Back to what it was. */
	world_copy(world, clone);
	world_free(clone);
	assert_int_equal(items_in(INBOX), 2);
	assert_non_null(world_folder(world, WORK));
}

static void equal_content_has_one_address(void **state)
{
	static const char text[] = "Subject: same\n\nbody\n";
	struct memory_world *local;
	const struct memory_item *found = NULL;

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ 0 });
	local = world_new(WORLD_MAIL_LOCAL, world);
	world_folder_make(local, KIND_MAIL, INBOX, 0);
	add(INBOX, text);
	world_add(local, INBOX, &(struct memory_item){ .body = world_text(local, text) });
	world_add(local, INBOX, &(struct memory_item){ .body = world_text(local, "other\n") });
	assert_ptr_not_equal(world_text(world, text), world_text(local, text));
	assert_int_equal(world_find(world, world_text(local, text), &found), 1);
	assert_string_equal(found->body->data, "Subject: same\r\n\r\nbody\r\n");
	assert_int_equal(world_find(local, world_text(world, text), &found), 1);
	assert_string_equal(found->body->data, text);
	assert_int_equal(world_find(local, world_text(world, "none\n"), NULL), 0);
	/* A lone LF on the wire is another content. */
	assert_ptr_not_equal(world_bytes(world, "a\r\nb\n", 5)->plain, world_text(local, "a\nb\n"));
	world_free(local);
}

static void a_rename_or_move_keeps_what_it_should(void **state)
{
	const char *revision, *moved;

	(void)state;
	open_world(WORLD_MAIL_LOCAL, (struct memory_options){ 0 });
	world_add(world, INBOX, &(struct memory_item){ .ref = "a", .body = world_text(world, "a\n") });
	revision = world_item(world, INBOX, "a")->revision;
	assert_true(world_rename_ref(world, INBOX, "a", "b"));
	assert_null(world_item(world, INBOX, "a"));
	assert_string_equal(world_item(world, INBOX, "b")->revision, revision);
	assert_false(world_rename_ref(world, INBOX, "a", "c"));
	moved = world_move(world, INBOX, "b", WORK);
	assert_string_equal(moved, "b");
	assert_int_equal(items_in(INBOX), 0);
	assert_int_equal(items_in(WORK), 1);
	assert_true(world_folder_rename(world, WORK, "mail/Play"));
	assert_int_equal(items_in("mail/Play"), 1);
	assert_int_equal(items_in(WORK), 0);
}

/* ---- crashes ------------------------------------------------------------------------------ */

static void nothing_happens_after_a_crash(void **state)
{
	size_t stops = 0;
	struct memory_world *start;

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ 0 });
	add(INBOX, "Subject: 1\n\n1\n");
	start = world_clone(world);
	for (unsigned at = 1; at <= 4; at++) {
		struct body *bodies[3] = { body("a: 1\n\n"), body("a: 2\n\n"), body("a: 3\n\n") };
		struct write writes[3] = { 0 };
		struct removal removal = { .folder = inbox, .ref = "0000000001" };
		struct listing *none = NULL;
		struct look look = { .folder = inbox, .cursor = "", .listing = none };

		world_copy(world, start);
		open_again((struct memory_options){ 0 });
		removal.folder = inbox;
		look.folder = inbox;
		for (size_t i = 0; i < 3; i++)
			writes[i] = (struct write){ .folder = inbox, .body = bodies[i] };
		crash_at(at);
		if (at <= 3) {
			assert_non_null(store_write(store, writes, 3, arena));
			assert_non_null(store_remove(store, &removal, 1, arena));
		} else {
			assert_null(store_write(store, writes, 3, arena));
			assert_non_null(store_remove(store, &removal, 1, arena));
			assert_string_equal(crash.last, "remove");
		}
		assert_non_null(removal.fail);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(writes[i].fail != NULL, i + 1 >= at);
		assert_non_null(store_list(store, &look, 1));
		assert_non_null(look.fail);
		assert_null(look.listing);
		assert_non_null(store_sync(store));
		assert_int_equal(items_in(INBOX), at);
		assert_int_equal(crash.seen, at);
		for (size_t i = 0; i < 3; i++)
			body_free(bodies[i]);
		stops++;
	}
	assert_int_equal(stops, 4);
	world_free(start);
}

static void a_slow_move_can_stop_in_between(void **state)
{
	struct memory_options options = { .slow_moves = true };
	struct transfer move = { .ref = "0000000001" };

	(void)state;
	open_world(WORLD_MAIL_SERVER, options);
	add(INBOX, "Subject: 1\n\n1\n");
	move.folder = inbox;
	move.to = work;
	crash_at(2);
	assert_non_null(store_transfer(store, &move, 1, arena));
	assert_int_equal(items_in(INBOX), 1);
	assert_int_equal(items_in(WORK), 1);
	open_again(options);
	move.folder = inbox;
	move.to = work;
	assert_null(store_transfer(store, &move, 1, arena));
	assert_null(move.fail);
	assert_int_equal(items_in(INBOX), 0);
	assert_int_equal(items_in(WORK), 2);
}

static void what_is_queued_waits_for_sync(void **state)
{
	struct body *one = body("Subject: 1\n\n1\n");
	struct write writes[2];
	struct flag_change change;

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ .queues = true });
	writes[0] = writes[1] = (struct write){ .folder = inbox, .body = one };
	change = (struct flag_change){ .folder = inbox, .ref = "0000000001", .add.bits = FLAG_SEEN };
	assert_null(store_write(store, &writes[0], 1, arena));
	assert_null(store_flag(store, &change, 1, arena));
	assert_int_equal(items_in(INBOX), 0);
	/* Whoever looks at an outcome too early sees a failure. */
	assert_non_null(writes[0].fail);
	assert_non_null(change.fail);
	assert_null(store_sync(store));
	assert_null(writes[0].fail);
	assert_null(change.fail);
	assert_string_equal(writes[0].now.ref, "0000000001");
	assert_int_equal(world_item(world, INBOX, "0000000001")->flags.bits, FLAG_SEEN);
	assert_null(store_write(store, &writes[1], 1, arena));
	open_again((struct memory_options){ .queues = true });
	assert_int_equal(items_in(INBOX), 1);
	body_free(one);
}

static void a_power_loss_undoes_what_was_not_synced(void **state)
{
	struct memory_options options = { .volatile_acts = true };
	struct body *one = body("Subject: 1\n\n1\n");
	struct write write;

	(void)state;
	open_world(WORLD_MAIL_LOCAL, options);
	write = (struct write){ .folder = inbox, .body = one };
	assert_false(memory_power_loss(world));
	assert_null(store_write(store, &write, 1, arena));
	assert_null(store_sync(store));
	assert_false(memory_power_loss(world));
	assert_null(store_write(store, &write, 1, arena));
	assert_null(store_write(store, &write, 1, arena));
	assert_int_equal(items_in(INBOX), 3);
	assert_true(memory_power_loss(world));
	assert_int_equal(items_in(INBOX), 1);
	body_free(one);
}

/* ---- races -------------------------------------------------------------------------------- */

struct race {
	uint64_t at;
	const char *seen;
};

static void remove_first(void *context, uint64_t number, const char *what)
{
	struct race *race = context;

	if (number != race->at)
		return;
	race->seen = what;
	world_remove(world, INBOX, "0000000001");
}

static void the_hook_races_with_each_request(void **state)
{
	size_t raced = 0;

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ 0 });
	add(INBOX, "Subject: 1\n\n1\n");
	for (uint64_t at = 1; at <= 3; at++) {
		struct memory_world *start = world_clone(world);
		struct race race = { .at = at };
		struct flag_change changes[2];

		open_again((struct memory_options){ 0 });
		changes[0] = changes[1] = (struct flag_change){
			.folder = inbox, .ref = "0000000001", .add.bits = FLAG_SEEN };
		memory_set_hook(store, remove_first, &race);
		race.at += 1; /* folders() was the first */
		assert_null(store_flag(store, changes, 2, arena));
		assert_string_equal(race.seen, at == 1 ? "flag" : "flag.item");
		assert_int_equal(fail_is(changes[0].fail, FAIL_MISSING), at <= 2);
		assert_true(fail_is(changes[1].fail, FAIL_MISSING));
		world_copy(world, start);
		world_free(start);
		raced++;
	}
	assert_int_equal(raced, 3);
}

static void an_exchange_tells_what_came_out(void **state)
{
	struct body *new = body("Subject: new\n\n");
	struct write write;

	(void)state;
	open_world(WORLD_MAIL_LOCAL, (struct memory_options){ .exchanges = true });
	world_add(world, INBOX, &(struct memory_item){ .ref = "a", .body = world_text(world, "a\n") });
	write = (struct write){
		.folder = inbox,
		.body = new,
		.replaces = "a",
		.if_revision = arena_str(arena, world_item(world, INBOX, "a")->revision),
		.into = "Conflicts/mail/cur/a",
	};
	world_edit(world, INBOX, "a", world_text(world, "edited\n"));
	assert_null(store_write(store, &write, 1, arena));
	assert_true(fail_is(write.fail, FAIL_STALE));
	assert_true(write.came_out);
	assert_string_equal(write.now.ref, "a");
	assert_string_equal(world_kept(world, "Conflicts/mail/cur/a")->body->data, "edited\n");
	assert_string_equal(world_item(world, INBOX, "a")->body->data, "Subject: new\n\n");
	/* What was kept is never overwritten. */
	write.if_revision = NULL;
	assert_null(store_write(store, &write, 1, arena));
	assert_true(fail_is(write.fail, FAIL_EXISTS));
	body_free(new);
}

/* ---- ways of servers and files ------------------------------------------------------------ */

static void a_shared_expunge_spares_others(void **state)
{
	struct removal removals[2];
	struct flags deleted = { .bits = FLAG_DELETED }, none = { 0 };

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ .shared_expunge = true });
	for (int i = 0; i < 3; i++)
		add(INBOX, "Subject: x\n\nx\n");
	removals[0] = (struct removal){ .folder = inbox, .ref = "0000000001" };
	removals[1] = (struct removal){ .folder = inbox, .ref = "0000000002" };
	world_flag(world, INBOX, "0000000003", deleted, none);
	assert_null(store_remove(store, removals, 2, arena));
	assert_true(fail_is(removals[0].fail, FAIL_REFUSED));
	assert_true(fail_is(removals[1].fail, FAIL_REFUSED));
	assert_int_equal(items_in(INBOX), 3);
	assert_int_equal(world_item(world, INBOX, "0000000001")->flags.bits, FLAG_DELETED);
	world_flag(world, INBOX, "0000000003", none, deleted);
	assert_null(store_remove(store, removals, 2, arena));
	assert_null(removals[0].fail);
	assert_null(removals[1].fail);
	assert_int_equal(items_in(INBOX), 1);
}

static void vague_listings_call_all_gaps_gone(void **state)
{
	struct listing *full, *delta;

	(void)state;
	open_world(WORLD_MAIL_SERVER,
		   (struct memory_options){ .lists = MEMORY_DELTA, .vague_gone = true });
	for (int i = 0; i < 7; i++)
		add(INBOX, "Subject: x\n\nx\n");
	for (int i = 0; i < 3; i++)
		world_remove(world, INBOX,
			     (const char *[]){ "0000000001", "0000000004", "0000000005" }[i]);
	full = list(inbox, "");
	assert_int_equal(full->gone_count, 0);
	world_remove(world, INBOX, "0000000007");
	delta = list(inbox, full->cursor);
	assert_false(delta->complete);
	assert_int_equal(delta->count, 0);
	assert_int_equal(delta->gone_count, 3);
	assert_string_equal(delta->gone[1].first, "0000000004");
	assert_string_equal(delta->gone[1].last, "0000000005");
	assert_string_equal(delta->gone[2].last, "0000000007");
	listing_free(full);
	listing_free(delta);
}

static void condstore_listings_tell_flags_of_changes_alone(void **state)
{
	struct listing *full, *delta;

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ .lists = MEMORY_CONDSTORE });
	add(INBOX, "Subject: 1\n\n1\n");
	add(INBOX, "Subject: 2\n\n2\n");
	full = list(inbox, "");
	world_flag(world, INBOX, "0000000002", (struct flags){ .bits = FLAG_SEEN },
		   (struct flags){ 0 });
	delta = list(inbox, full->cursor);
	assert_true(delta->complete);
	assert_int_equal(delta->count, 2);
	assert_int_equal(delta->entries[0].says & (SAYS_BITS | SAYS_KEYWORDS), 0);
	assert_int_equal(delta->entries[1].says & SAYS_BITS, SAYS_BITS);
	listing_free(full);
	listing_free(delta);
}

static void files_can_be_silent(void **state)
{
	struct listing *listing;
	struct flag_change change;

	(void)state;
	open_world(WORLD_MAIL_LOCAL | WORLD_TABLE, (struct memory_options){ .keyword_most = 2 });
	world_add(world, INBOX,
		  &(struct memory_item){
			  .ref = "a", .body = world_text(world, "a\n"), .silent = true });
	listing = list(inbox, "");
	assert_int_equal(listing->entries[0].says & (SAYS_BITS | SAYS_KEYWORDS), 0);
	assert_string_equal(listing->speaks, "");
	listing_free(listing);
	change = (struct flag_change){ .folder = inbox, .ref = "a", .add = { FLAG_SEEN, "x y z" } };
	assert_null(store_flag(store, &change, 1, arena));
	assert_null(change.fail);
	assert_string_equal(change.now.keywords, "x y");
	listing = list(inbox, "");
	assert_true(listing->entries[0].says & SAYS_BITS);
	assert_string_equal(listing->entries[0].flags.keywords, "x y");
	assert_string_equal(listing->speaks, "x y");
	listing_free(listing);
	/* A lost table says nothing about the letters. */
	world_speaks(world, INBOX, "");
	listing = list(inbox, "");
	assert_null(listing->entries[0].flags.keywords);
	assert_string_equal(listing->speaks, "");
	listing_free(listing);
}

static void flaky_revisions_change_alone(void **state)
{
	struct memory_options options = { .flaky = true };
	const char *revision;

	(void)state;
	open_world(WORLD_DAV_SERVER, options);
	world_add(world, INBOX,
		  &(struct memory_item){ .ref = "a", .key = "k", .body = world_text(world, "a\n") });
	revision = world_item(world, INBOX, "a")->revision;
	open_again(options);
	assert_string_not_equal(world_item(world, INBOX, "a")->revision, revision);
	revision = world_item(world, INBOX, "a")->revision;
	open_again((struct memory_options){ 0 });
	assert_string_equal(world_item(world, INBOX, "a")->revision, revision);
}

static void silent_servers_tell_no_refs(void **state)
{
	struct body *one = body("Subject: 1\n\n1\n");
	struct write write;
	struct transfer copy;

	(void)state;
	open_world(WORLD_MAIL_SERVER,
		   (struct memory_options){ .silent_writes = true, .silent_transfers = true });
	write = (struct write){ .folder = inbox, .body = one };
	copy = (struct transfer){ .folder = inbox, .to = work, .ref = "0000000001", .copy = true };
	assert_int_equal(store->traits & STORE_REFS_KEPT, 0);
	assert_null(store_write(store, &write, 1, arena));
	assert_null(write.fail);
	assert_null(write.now.ref);
	assert_null(store_transfer(store, &copy, 1, arena));
	assert_null(copy.fail);
	assert_null(copy.now.ref);
	assert_int_equal(items_in(INBOX), 1);
	assert_int_equal(items_in(WORK), 1);
	body_free(one);
}

static void large_items_are_refused(void **state)
{
	struct body *one = body("Subject: 1\n\n0123456789\n");
	struct write write;

	(void)state;
	open_world(WORLD_MAIL_SERVER, (struct memory_options){ .size_most = 20 });
	write = (struct write){ .folder = inbox, .body = one };
	assert_null(store_write(store, &write, 1, arena));
	assert_true(fail_is(write.fail, FAIL_REFUSED));
	assert_int_equal(write.fail->scope, FAIL_ITEM);
	assert_int_equal(items_in(INBOX), 0);
	body_free(one);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clone_is_on_its_own),
		TEST(equal_content_has_one_address),
		TEST(a_rename_or_move_keeps_what_it_should),
		TEST(nothing_happens_after_a_crash),
		TEST(a_slow_move_can_stop_in_between),
		TEST(what_is_queued_waits_for_sync),
		TEST(a_power_loss_undoes_what_was_not_synced),
		TEST(the_hook_races_with_each_request),
		TEST(an_exchange_tells_what_came_out),
		TEST(a_shared_expunge_spares_others),
		TEST(vague_listings_call_all_gaps_gone),
		TEST(condstore_listings_tell_flags_of_changes_alone),
		TEST(files_can_be_silent),
		TEST(flaky_revisions_change_alone),
		TEST(silent_servers_tell_no_refs),
		TEST(large_items_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
