/* koc status and koc folders: what they tell of a state, to people and to programs. */
#include "unit/config_room.h"

#include "base/file.h"
#include "base/log.h"
#include "command/command.h"
#include "state/state.h"

#include <time.h>

static struct buf out, lines;
static struct config *config;
static char store[64];

/* A store that has been synchronised: two folders, one message here and one only there, and one of
 * everything that can be open. */
static void fill(int inner)
{
	struct state *state = NULL;
	struct state_folder inbox = { .kind = KIND_MAIL, .path = "mail/INBOX",
				      .name = { "INBOX", "INBOX" }, .roles = ROLE_INBOX };
	struct state_folder junk = { .kind = KIND_MAIL, .path = "mail/J\x1b[31munk",
				     .name = { "Junk", "Junk" }, .mode = MODE_OFF };
	struct row row = { .side = { { .ref = "0000000001", .revision = "" },
				     { .ref = "a", .revision = "" } },
			   .subject = "Hello\nthere" };
	struct row remote = { .side = { { .ref = "0000000002", .revision = "" } } };
	struct pending held = { .side = SERVER, .ref = "0000000001", .why = PENDING_HELD, .text = "" };
	struct pending aside = { .side = LOCAL, .ref = "a", .why = PENDING_SET_ASIDE,
				 .text = "over quota", .tries = 3, .next = 1795356180 };
	struct pending waits = { .side = LOCAL, .ref = "b", .why = PENDING_SCOPE, .text = "" };
	struct conflict conflict = { .when = 1795356180, .kind = KIND_MAIL, .folder = "mail/INBOX",
				     .item = "Lunch", .path = "Conflicts/mail/cur/x", .name = "x",
				     .why = "edited here, removed on the server",
				     .revision = { "", "" } };
	int64_t run = 0;

	assert_null(state_open(inner, "mail.db", &state));
	assert_null(state_folder_put(state, &inbox));
	assert_null(state_folder_put(state, &junk));
	row.folder = remote.folder = inbox.id;
	row.print.size = 57312;
	remote.print.size = 1000;
	assert_null(state_row_put(state, &row));
	assert_null(state_row_put(state, &remote));
	held.folder = aside.folder = inbox.id;
	waits.folder = junk.id;
	assert_null(state_pending_put(state, &held));
	assert_null(state_pending_put(state, &aside));
	assert_null(state_pending_put(state, &waits));
	assert_null(state_conflict_put(state, &conflict));
	assert_null(state_run_begin(state, 1795356180, &run));
	assert_null(state_run_end(state, run, 1795356181, 1, "1 pulled"));
	state_close(state);
}

/* Another one, of which only the calendars were synchronised. */
static void fill_dav(int inner)
{
	struct state *state = NULL;
	struct state_folder home = { .kind = KIND_EVENTS, .path = "calendars/Home",
				     .name = { "/u/home/", "Home" }, .title = "Zu Hause" };
	struct state_folder friends = { .kind = KIND_CONTACTS, .path = "contacts/Friends",
					.name = { "/u/friends/", "Friends" } };
	struct row row = { .side = { { .ref = "/u/home/a.ics", .revision = "\"1\"" },
				     { .ref = "a.ics", .revision = "1-2-3" } },
			   .key = "a", .subject = "Lunch" };
	struct conflict conflict = { .when = 1795356180, .kind = KIND_EVENTS, .folder = "calendars/Home",
				     .item = "Lunch", .path = "Conflicts/calendars/Home/a.ics",
				     .name = "a.ics", .why = "edited on both sides",
				     .revision = { "", "" } };
	int64_t run = 0;

	assert_null(state_open(inner, "dav.db", &state));
	assert_null(state_folder_put(state, &home));
	assert_null(state_folder_put(state, &friends));
	row.folder = home.id;
	row.print.size = 400;
	assert_null(state_row_put(state, &row));
	assert_null(state_conflict_put(state, &conflict));
	assert_null(state_run_begin(state, 1795356180, &run));
	assert_null(state_run_end(state, run, 1795356181, 0, "1 pulled"));
	state_close(state);
}

/* Makes a store and opens its .koc. */
static int make_store(const char *path)
{
	char inner[80];

	snprintf(inner, sizeof inner, "%s/.koc", path);
	if (mkdir(path, 0700) || mkdir(inner, 0700))
		return -1;
	return open(inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A conflict is open as long as its file is there. */
static int make_loser(const char *root, const char *directory, const char *name)
{
	char path[128];
	int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), in = -1, fd = -1;
	const struct fail *f = at < 0 ? NULL : file_open_directory(at, directory, true, &in);

	snprintf(path, sizeof path, "%s/%s", directory, name);
	if (!f && in >= 0)
		f = file_create(at, path, &fd);
	if (fd >= 0)
		close(fd);
	if (in >= 0)
		close(in);
	if (at >= 0)
		close(at);
	return f || fd < 0 ? -1 : 0;
}

static int set_up(void **state)
{
	static const char text[] =
		"account new { server = h.example user = u password-command = x store = '%s/none' }\n"
		"account work { server = h.example user = u password-command = x store = '%s/store'\n"
		"folder 'mail/J*' { mode = off }\n"
		"}\n"
		"account both { imap = 'imaps://h.example' dav = 'https://h.example/' user = u\n"
		"password-command = x store = '%s/both' }\n";
	char path[80], whole[1024];
	int inner;

	buf_init(&out, 1 << 20);
	buf_init(&lines, 1 << 20);
	setenv("TZ", "UTC", 1);
	tzset();
	if (room_set_up(state))
		return -1;
	snprintf(store, sizeof store, "%s/store", room_path);
	inner = make_store(store);
	if (inner < 0)
		return -1;
	fill(inner);
	close(inner);
	if (make_loser(store, "Conflicts/mail/cur", "x"))
		return -1;
	snprintf(path, sizeof path, "%s/both", room_path);
	inner = make_store(path);
	if (inner < 0)
		return -1;
	fill_dav(inner);
	close(inner);
	if (make_loser(path, "Conflicts/calendars/Home", "a.ics"))
		return -1;
	snprintf(whole, sizeof whole, text, room_path, room_path, room_path);
	config = room_read_text(&lines, whole);
	return config ? 0 : -1;
}

static int tear_down(void **state)
{
	config_free(config);
	buf_free(&out);
	buf_free(&lines);
	return room_tear_down(state);
}

static const char *told(const struct command *command, size_t first, size_t count, bool json,
			enum exit_code wanted)
{
	const struct account *accounts[] = { &config->accounts[0], &config->accounts[1],
					     &config->accounts[2] };
	struct call call = { .command = command, .config = config, .accounts = accounts + first,
			     .account_count = count, .json = json, .out = &out };

	buf_clear(&out);
	assert_int_equal(command->run(&call), wanted);
	return out.data;
}

static void status_for_people(void **state)
{
	(void)state;
	assert_string_equal(
		told(&command_status, 0, 2, false, EXIT_DONE),
		"new: not synchronised yet\n"
		"work: last run 2026-11-22 14:03, not all done: 1 pulled\n"
		"  Changed here (koc sync carries it over):\n" /* the store has no mail/ any more */
		"    mail/INBOX: 1 removed\n"
		"  Held (koc sync --allow-removals FOLDER lets them pass):\n"
		"    mail/INBOX: 1 item\n"
		"  Set aside:\n"
		"    mail/INBOX: Hello\\x0athere\n"
		"      over quota; tried 3 times, again after 2026-11-22 14:03\n"
		"  Conflicts (the server's version is in the folder):\n"
		"    1  2026-11-22 14:03  mail/INBOX: Lunch\n"
		"      edited here, removed on the server; the other version: Conflicts/mail/cur/x\n"
		"  Waiting: 1 item: for a folder that is off or was not part of the run\n");
}

static void status_for_programs(void **state)
{
	(void)state;
	assert_string_equal(
		told(&command_status, 0, 2, true, EXIT_DONE),
		"[{\"account\":\"new\",\"service\":\"mail\",\"last-run\":null,\"changed-here\":[],\"held\":[],"
		"\"set-aside\":[],\"waiting\":{\"raced\":0,\"direction\":0,\"scope\":0},\"next-retry\":null,"
		"\"server-waits-until\":null,\"conflicts\":[]},"
		"{\"account\":\"work\",\"service\":\"mail\",\"last-run\":{\"began\":\"2026-11-22T14:03:00Z\","
		"\"ended\":\"2026-11-22T14:03:01Z\",\"status\":1,\"summary\":\"1 pulled\",\"nothing-new\":null},"
		"\"changed-here\":[{\"folder\":\"mail/INBOX\",\"new\":0,\"edited\":0,"
		"\"removed\":1,\"flags\":0}],"
		"\"held\":[{\"folder\":\"mail/INBOX\",\"items\":1}],"
		"\"set-aside\":[{\"folder\":\"mail/INBOX\",\"side\":\"local\",\"ref\":\"a\","
		"\"item\":\"Hello\\nthere\",\"reason\":\"over quota\",\"tries\":3,"
		"\"next\":\"2026-11-22T14:03:00Z\"}],"
		"\"waiting\":{\"raced\":0,\"direction\":0,\"scope\":1},"
		"\"next-retry\":\"2026-11-22T14:03:00Z\",\"server-waits-until\":null,"
		"\"conflicts\":[{\"number\":1,\"time\":\"2026-11-22T14:03:00Z\","
		"\"folder\":\"mail/INBOX\",\"item\":\"Lunch\","
		"\"why\":\"edited here, removed on the server\",\"path\":\"Conflicts/mail/cur/x\"}]}]\n");
}

static void folders_for_people(void **state)
{
	char wanted[512];

	(void)state;
	snprintf(wanted, sizeof wanted,
		 "new  %s/none\n  not synchronised yet\n"
		 "work  %s\n"
		 "  FOLDER             MODE  FROM            ITEMS     SIZE\n"
		 "  mail/INBOX         full  default: INBOX      1  57.3 KB\n"
		 "  mail/J\\x1b[31munk  off   config:3            0        0\n", room_path, store);
	assert_string_equal(told(&command_folders, 0, 2, false, EXIT_DONE), wanted);
}

static void folders_for_programs(void **state)
{
	char wanted[600];

	(void)state;
	snprintf(wanted, sizeof wanted,
		 "[{\"account\":\"work\",\"store\":\"%s\",\"folders\":["
		 "{\"folder\":\"mail/INBOX\",\"title\":null,\"mode\":\"full\","
		 "\"from\":\"default\",\"line\":null,\"source\":\"default: INBOX\","
		 "\"items\":1,\"bytes\":57312,\"texts\":0,\"whole-bytes\":57312},"
		 "{\"folder\":\"mail/J\\u001b[31munk\",\"title\":null,\"mode\":\"off\","
		 "\"from\":\"config\",\"line\":3,\"source\":\"config:3\","
		 "\"items\":0,\"bytes\":0,\"texts\":0,\"whole-bytes\":0}]}]\n", store);
	assert_string_equal(told(&command_folders, 1, 1, true, EXIT_DONE), wanted);
}

/* Each service is told of, and both have their folders in one table. */
static void status_of_both(void **state)
{
	(void)state;
	assert_string_equal(
		told(&command_status, 2, 1, false, EXIT_DONE),
		"both: not synchronised yet\n"
		"both (dav): last run 2026-11-22 14:03, done: 1 pulled\n"
		"  Changed here (koc sync carries it over):\n" /* the store has no calendars/ any more */
		"    calendars/Home: 1 removed\n"
		"  Conflicts (the server's version is in the folder):\n"
		"    2  2026-11-22 14:03  calendars/Home: Lunch\n"
		"      edited on both sides; the other version: Conflicts/calendars/Home/a.ics\n");
	assert_string_equal(
		told(&command_status, 2, 1, true, EXIT_DONE),
		"[{\"account\":\"both\",\"service\":\"mail\",\"last-run\":null,\"changed-here\":[],\"held\":[],"
		"\"set-aside\":[],\"waiting\":{\"raced\":0,\"direction\":0,\"scope\":0},\"next-retry\":null,"
		"\"server-waits-until\":null,\"conflicts\":[]},"
		"{\"account\":\"both\",\"service\":\"dav\",\"last-run\":{\"began\":\"2026-11-22T14:03:00Z\","
		"\"ended\":\"2026-11-22T14:03:01Z\",\"status\":0,\"summary\":\"1 pulled\",\"nothing-new\":null},"
		"\"changed-here\":[{\"folder\":\"calendars/Home\",\"new\":0,\"edited\":0,"
		"\"removed\":1,\"flags\":0}],\"held\":[],\"set-aside\":[],"
		"\"waiting\":{\"raced\":0,\"direction\":0,\"scope\":0},\"next-retry\":null,"
		"\"server-waits-until\":null,"
		"\"conflicts\":[{\"number\":2,\"time\":\"2026-11-22T14:03:00Z\","
		"\"folder\":\"calendars/Home\",\"item\":\"Lunch\",\"why\":\"edited on both sides\","
		"\"path\":\"Conflicts/calendars/Home/a.ics\"}]}]\n");
}

static void folders_of_both(void **state)
{
	char wanted[512];

	(void)state;
	snprintf(wanted, sizeof wanted,
		 "both  %s/both\n"
		 "  FOLDER            MODE  FROM                ITEMS  SIZE\n"
		 "  calendars/Home    full  default: calendars      1   400\n"
		 "  contacts/Friends  full  default: contacts       0     0\n", room_path);
	assert_string_equal(told(&command_folders, 2, 1, false, EXIT_DONE), wanted);
	assert_non_null(strstr(told(&command_folders, 2, 1, true, EXIT_DONE),
			       "{\"folder\":\"calendars/Home\",\"title\":\"Zu Hause\",\"mode\":\"full\","));
}

/* Looking makes nothing. */
static void nothing_made(void **state)
{
	char path[80];

	(void)state;
	snprintf(path, sizeof path, "%s/none", room_path);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof path, "%s/.koc/mail.lock", store);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof path, "%s/.koc/dav.db", store);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof path, "%s/both/.koc/mail.db", room_path);
	assert_int_equal(access(path, F_OK), -1);
}

/* A damaged state is told, and the other accounts are told of all the same. */
static void damaged(void **state)
{
	char path[80];
	int fd;

	(void)state;
	snprintf(path, sizeof path, "%s/.koc/mail.db", store);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "nonsense, not a database", 24, 0), 24);
	close(fd);
	log_set_level(LOG_QUIET - 1); /* says nothing at all */
	assert_string_equal(told(&command_status, 0, 2, false, EXIT_SOME),
			    "new: not synchronised yet\n");
	assert_non_null(strstr(told(&command_folders, 0, 2, false, EXIT_SOME), "new  "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_for_people),
		cmocka_unit_test(status_for_programs),
		cmocka_unit_test(folders_for_people),
		cmocka_unit_test(folders_for_programs),
		cmocka_unit_test(status_of_both),
		cmocka_unit_test(folders_of_both),
		cmocka_unit_test(nothing_made),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests_name("command: status, folders", tests, set_up, tear_down);
}
