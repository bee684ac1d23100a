/* In what order a run works: the folder in use first, then INBOX, then the rest; the newest first within a
 * folder; and what is finished when it is stopped at any step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/step.h"
#include "engine/account.h"
#include "state/state.h"
#include "store/memory.h"
#include "store/trace.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define INBOX "mail/INBOX"
#define ARCHIVE "mail/Archive"
#define WORK "mail/Work"
#define WORK_OLD "mail/Work/Old"
#define OFF "mail/Off"
#define PUSH "mail/Push"

static const char *const paths[] = { INBOX, ARCHIVE, WORK, WORK_OLD, OFF, PUSH };

static struct memory_world *world[SIDES];
static struct state *memory; /* koc's */
static struct buf trace;     /* of the local store */
static struct sync_outcome outcome;
static size_t messages;      /* made so far: later ones are larger */

/* ---- one run ---------------------------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	messages = 0;
	buf_init(&trace, 16 << 20);
	world[SERVER] = world_new(WORLD_MAIL_SERVER, NULL);
	world[LOCAL] = world_new(WORLD_MAIL_LOCAL, world[SERVER]);
	memory = state_memory();
	for (size_t i = 0; i < COUNT(paths); i++)
		world_folder_make(world[SERVER], KIND_MAIL, paths[i], i ? 0 : ROLE_INBOX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	step_set_hook(NULL, NULL);
	state_close(memory);
	world_free(world[LOCAL]);
	world_free(world[SERVER]);
	buf_free(&trace);
	return 0;
}

/* Adds so many messages, each larger than all before. */
static void add(enum side side, const char *path, size_t count)
{
	char text[4096];

	for (size_t i = 0; i < count; i++) {
		struct memory_item item = { 0 };
		size_t size;

		messages++;
		size = (size_t)snprintf(text, sizeof text, "Message-ID: <%06zu@x>\nSubject: s\n\n", messages);
		memset(text + size, 'x', messages);
		text[size + messages] = '\0';
		item.body = world_text(world[side], text);
		assert_non_null(world_add(world[side], path, &item));
	}
}

static void settings(void *context, const char *path, enum kind kind, uint32_t roles,
		     struct folder_settings *folder)
{
	(void)context;
	(void)kind;
	(void)roles;
	*folder = (struct folder_settings){
		.mode = strcmp(path, OFF) == 0 ? MODE_OFF : MODE_FULL,
		.direction = strcmp(path, PUSH) == 0 ? DIRECTION_PUSH : DIRECTION_BOTH,
	};
}

static const struct fail *no_prepare(struct places *places, const char *directory)
{
	(void)places;
	(void)directory;
	return NULL;
}

static const struct fail *run_with(const struct sync_request *request, size_t round_most)
{
	struct places places = { .prepare = no_prepare };
	struct engine engine = { .service = "mail", .state = memory, .places = &places,
				 .settings = settings, .now = 1000000, .round_most = round_most };
	struct spool spool = { .directory = -1 };
	const struct fail *f;

	buf_clear(&trace);
	outcome = (struct sync_outcome){ 0 };
	for (int s = 0; s < SIDES; s++) {
		engine.side[s] = memory_open(world[s], &(struct memory_options){ 0 });
		if (s == LOCAL)
			engine.side[s] = trace_open(engine.side[s], "local", &trace);
		engine.side[s]->spool = &spool;
	}
	f = account_sync(&engine, request, &outcome);
	for (int s = 0; s < SIDES; s++)
		store_close(engine.side[s]);
	state_rollback(memory);
	return f;
}

/* ---- what the run wrote here -------------------------------------------------------------------- */

/* The next "local write PATH SIZE bytes …"; false: there is none. */
static bool next_write(const char **at, char path[64], size_t *size)
{
	while ((*at = strstr(*at, "local write "))) {
		*at += strlen("local write ");
		if (sscanf(*at, "%63s %zu bytes", path, size) == 2)
			return true;
	}
	return false;
}

/* The folders in the order in which they were written to, "INBOX Work", one that is come back to again. */
static const char *folders_written(void)
{
	static char list[512];
	const char *at = trace.data;
	char path[64], last[64] = "";
	size_t size;

	list[0] = '\0';
	while (next_write(&at, path, &size)) {
		if (strcmp(path, last) == 0)
			continue;
		snprintf(last, sizeof last, "%s", path);
		assert_true(strlen(list) + strlen(path) + 2 < sizeof list);
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", list[0] ? " " : "",
			 path + strlen("mail/"));
	}
	return list;
}

/* Within each folder later ones come before earlier ones.  How many were written in all. */
static size_t newest_first(void)
{
	const char *at = trace.data;
	char path[64], last[64] = "";
	size_t size, before = 0, count = 0;

	while (next_write(&at, path, &size)) {
		if (strcmp(path, last) == 0)
			assert_true(size < before);
		snprintf(last, sizeof last, "%s", path);
		before = size;
		count++;
	}
	return count;
}

static size_t items(enum side side, const char *path)
{
	size_t count = 0;

	world_items(world[side], path, &count);
	return count;
}

/* ---- tests -------------------------------------------------------------------------------------- */

/* Which folder is the first. */
static void in_use(void **state)
{
	static const char *const only_archive[] = { ARCHIVE };
	static const char *const two[] = { ARCHIVE, WORK };
	static const char *const all[] = { "mail/*" };
	static const struct {
		struct sync_request request;
		const char *folders;
		bool found;
	} runs[] = {
		{ { .first = NULL }, "INBOX Archive Work Work/Old", false },
		{ { .first = WORK }, "Work Work/Old INBOX Archive", true },
		/* It is remembered, and a run that looks does not change that. */
		{ { .first = NULL }, "Work Work/Old INBOX Archive", false },
		{ { .here = ARCHIVE }, "Archive INBOX Work Work/Old", false },
		{ { .first = NULL }, "Work Work/Old INBOX Archive", false }, /* where one is is not named */
		{ { .first = ARCHIVE, .here = WORK_OLD }, "Archive INBOX Work Work/Old", true },
		{ { .here = WORK_OLD }, "Work/Old INBOX Archive Work", false },
		{ { .folders = two, .folder_count = 2 }, "Work Archive", false }, /* the last one named */
		{ { .first = NULL }, "Work Work/Old INBOX Archive", false },
		{ { .folders = two, .folder_count = 2, .here = ARCHIVE }, "Archive Work", false },
		{ { .folders = only_archive, .folder_count = 1, .here = WORK }, "Archive", false },
		{ { .folders = all, .folder_count = 1 }, "Archive INBOX Work Work/Old", false },
		/* What is not there, is off, or is no folder at all changes nothing. */
		{ { .first = "mail/Nowhere" }, "Archive INBOX Work Work/Old", false },
		{ { .first = OFF }, "Archive INBOX Work Work/Old", true },
		{ { .here = OFF }, "INBOX Archive Work Work/Old", false }, /* it is off, and was named last */
		{ { .here = "mail/Nowhere" }, "INBOX Archive Work Work/Old", false },
		{ { .first = "mail/Wor" }, "INBOX Archive Work Work/Old", false },
		{ { .first = INBOX }, "INBOX Archive Work Work/Old", true },
	};
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(runs); i++, count++) {
		struct sync_request request = runs[i].request;
		bool found = false;

		for (size_t k = 0; k < COUNT(paths); k++)
			add(SERVER, paths[k], 2);
		request.first_found = &found;
		assert_null(run_with(&request, 0));
		assert_string_equal(folders_written(), runs[i].folders);
		assert_int_equal(found, runs[i].found);
		newest_first();
		if (request.folder_count) { /* so that the next one begins as the others do */
			assert_null(run_with(&(struct sync_request){ .here = INBOX }, 0));
		}
	}
	assert_in_range(count, 18, 50);
	assert_int_equal(items(LOCAL, OFF), 0);
}

/* A dry run tells all of the plan, and remembers nothing. */
static void dry(void **state)
{
	struct buf plan;
	size_t lines = 0;

	(void)state;
	add(SERVER, WORK, 30);
	add(SERVER, INBOX, 30);
	buf_init(&plan, 1 << 20);
	outcome.plan = &plan;
	{
		struct places places = { .prepare = no_prepare };
		struct engine engine = { .service = "mail", .state = memory, .places = &places,
					 .settings = settings, .now = 1000000, .round_most = 10 };
		struct spool spool = { .directory = -1 };

		for (int s = 0; s < SIDES; s++) {
			engine.side[s] = memory_open(world[s], &(struct memory_options){ 0 });
			engine.side[s]->spool = &spool;
		}
		assert_null(account_sync(&engine, &(struct sync_request){ .first = WORK, .dry_run = true },
					 &outcome));
		for (int s = 0; s < SIDES; s++)
			store_close(engine.side[s]);
	}
	for (const char *at = plan.data; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 60);
	buf_free(&plan);
	assert_null(run_with(&(struct sync_request){ 0 }, 0));
	assert_string_equal(folders_written(), "INBOX Work");
}

/* More than one round takes: a folder is finished before the next one is begun. */
static void many(void **state)
{
	const struct sync_request request = { .first = WORK };

	(void)state;
	add(SERVER, INBOX, 5);
	add(SERVER, ARCHIVE, 33);
	add(SERVER, WORK, 25);
	add(SERVER, WORK_OLD, 3);
	assert_null(run_with(&request, 10));
	assert_string_equal(folders_written(), "Work Work/Old INBOX Archive");
	assert_int_equal(newest_first(), 66);
	assert_int_equal(outcome.pulled, 66);
	assert_null(run_with(&request, 10));
	assert_int_equal(newest_first(), 0);
}

/* What moved on the server is renamed here, although its new place is too full for one round. */
static void moved_meanwhile(void **state)
{
	const struct sync_request request = { .first = WORK };

	(void)state;
	add(SERVER, INBOX, 8);
	assert_null(run_with(&request, 10));
	assert_int_equal(newest_first(), 8);
	for (size_t i = 0; i < 8; i++) {
		size_t count;
		const struct memory_item *item = world_items(world[SERVER], INBOX, &count);

		assert_non_null(world_move(world[SERVER], INBOX, item->ref, ARCHIVE));
	}
	add(SERVER, ARCHIVE, 25);
	add(SERVER, WORK, 25);
	assert_null(run_with(&request, 10));
	assert_int_equal(outcome.moved[LOCAL], 8);
	assert_int_equal(outcome.pulled, 50);
	assert_int_equal(outcome.removed[LOCAL] + outcome.held, 0);
	assert_int_equal(items(LOCAL, ARCHIVE), 33);
	assert_int_equal(items(LOCAL, INBOX), 0);
	assert_null(run_with(&request, 10));
	assert_int_equal(newest_first() + outcome.held + outcome.removed[LOCAL], 0);
}

/* What is only gone is removed in the end, and held if it is too much. */
static void gone_meanwhile(void **state)
{
	const struct sync_request request = { .first = WORK };
	size_t count;

	(void)state;
	add(SERVER, INBOX, 20);
	assert_null(run_with(&request, 50));
	for (size_t i = 0; i < 3; i++)
		assert_true(world_remove(world[SERVER], INBOX, world_items(world[SERVER], INBOX, &count)->ref));
	add(SERVER, WORK, 25);
	assert_null(run_with(&request, 10));
	assert_int_equal(outcome.removed[LOCAL], 3);
	assert_int_equal(items(LOCAL, INBOX), 17);
	for (size_t i = 0; i < 14; i++)
		assert_true(world_remove(world[SERVER], INBOX, world_items(world[SERVER], INBOX, &count)->ref));
	add(SERVER, WORK, 25);
	assert_null(run_with(&request, 10));
	assert_int_equal(outcome.removed[LOCAL], 0);
	assert_int_equal(outcome.held, 14);
	assert_int_equal(items(LOCAL, INBOX), 17);
}

/* New messages that nobody wants do not stand in the way of others, nor of what is gone. */
static void unwanted(void **state)
{
	const struct sync_request request = { .first = PUSH };
	size_t count;

	(void)state;
	add(SERVER, INBOX, 20);
	assert_null(run_with(&request, 50));
	add(SERVER, PUSH, 45);
	add(SERVER, ARCHIVE, 25);
	assert_true(world_remove(world[SERVER], INBOX, world_items(world[SERVER], INBOX, &count)->ref));
	assert_null(run_with(&request, 10));
	assert_int_equal(outcome.pulled, 25);
	assert_int_equal(outcome.removed[LOCAL], 1);
	assert_int_equal(items(LOCAL, PUSH), 0);
}

/* ---- stopped -------------------------------------------------------------------------------------- */

static struct {
	unsigned at, seen;
} stops;

static const struct fail *stop(void *context, const char *what)
{
	(void)context;
	return ++stops.seen < stops.at ? NULL : fail_make(FAIL_STOPPED, FAIL_ALL, "stopped at %s", what);
}

static bool stopped_at(const struct sync_request *request, unsigned at)
{
	const struct fail *f;

	stops.at = at;
	stops.seen = 0;
	step_set_hook(stop, NULL);
	f = run_with(request, 10);
	step_set_hook(NULL, NULL);
	assert_true(!f || stops.seen >= stops.at);
	return f != NULL;
}

/* Both sides hold the same number in it. */
static bool finished(const char *path)
{
	return items(LOCAL, path) == items(SERVER, path);
}

/* What was written here of a folder that is not finished is the newest part of it. */
static void check_part(const char *path)
{
	size_t here, there, least = SIZE_MAX, newer = 0;
	const struct memory_item *local = world_items(world[LOCAL], path, &here);
	const struct memory_item *server = world_items(world[SERVER], path, &there);

	for (size_t i = 0; i < here; i++)
		if (local[i].body->size < least)
			least = local[i].body->size;
	for (size_t i = 0; i < there; i++) /* with CRLF: three bytes more */
		newer += here && server[i].body->size >= least + 3;
	assert_int_equal(newer, here);
}

/* Stopped at each step in turn: nothing of a folder is here before all of those that go before it is done, both
 * ways; and the next runs make it whole. */
static void stopped(void **state)
{
	static const char *const order[] = { WORK, WORK_OLD, INBOX, ARCHIVE };
	const struct sync_request request = { .first = WORK };
	size_t cut = 0;

	(void)state;
	for (unsigned at = 1;; at++) {
		bool before = true, ended;

		add(SERVER, INBOX, 5);
		add(SERVER, ARCHIVE, 23);
		add(SERVER, WORK, 25);
		add(SERVER, WORK_OLD, 3);
		ended = !stopped_at(&request, at);
		for (size_t i = 0; i < COUNT(order); i++) {
			if (items(LOCAL, order[i])) {
				assert_true(before);
				cut += !ended && i > 0;
			}
			check_part(order[i]);
			before = before && finished(order[i]);
		}
		assert_true(!ended || before);
		assert_null(run_with(&request, 10));
		for (size_t i = 0; i < COUNT(order); i++)
			assert_true(finished(order[i]));
		assert_null(run_with(&request, 10));
		assert_int_equal(newest_first(), 0);
		tear_down(NULL);
		set_up(NULL);
		if (ended)
			break;
	}
	assert_true(stops.at > 20);
	assert_true(cut > 10);
}

/* The same with new messages on both sides, more than go up in one flight: those of a folder go up before the next
 * one's come down. */
static void stopped_both_ways(void **state)
{
	static const char *const order[] = { WORK, INBOX, ARCHIVE };
	static const size_t up[] = { 105, 4, 4 }, down = 12;
	const struct sync_request request = { .first = WORK };
	size_t cut = 0;

	(void)state;
	for (unsigned at = 1;; at += 3) {
		bool before = true, ended;

		assert_null(run_with(&request, 10)); /* makes the folders */
		for (size_t i = 0; i < COUNT(order); i++) {
			add(SERVER, order[i], down);
			add(LOCAL, order[i], up[i]);
		}
		ended = !stopped_at(&request, at);
		for (size_t i = 0; i < COUNT(order); i++) {
			if (items(LOCAL, order[i]) > up[i]) {
				assert_true(before);
				cut += !ended && i > 0;
			}
			before = before && items(LOCAL, order[i]) == up[i] + down && finished(order[i]);
		}
		for (int i = 0; i < 2; i++)
			assert_null(run_with(&request, 10));
		for (size_t i = 0; i < COUNT(order); i++) {
			assert_int_equal(items(LOCAL, order[i]), up[i] + down);
			assert_true(finished(order[i]));
		}
		tear_down(NULL);
		set_up(NULL);
		if (ended)
			break;
	}
	assert_true(stops.at > 150);
	assert_true(cut > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moved_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gone_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unwanted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stopped_both_ways, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("order of work", tests, NULL, NULL);
}
