/* The services of an account: which it has, what they are called, whose store it is, and what is believed of a
 * server that may not have them. */
#include "unit/config_room.h"

#include "base/arena.h"
#include "base/clock.h"
#include "command/service.h"

static struct buf lines;
static struct config *config;

enum { MAIL, DAV };

/* By the names of the configuration below. */
static const struct account *account(const char *name)
{
	for (size_t i = 0; i < config->account_count; i++)
		if (strcmp(config->accounts[i].name, name) == 0)
			return &config->accounts[i];
	fail_msg("no account %s", name);
	return NULL;
}

static int set_up(void **state)
{
	static const char text[] =
		"account server { server = h.example user = u password-command = x store = '%s/a' }\n"
		"account imap { imap = 'imaps://h.example' user = u password-command = x store = '%s/b' }\n"
		"account dav { dav = 'https://h.example/' user = u password-command = x store = '%s/c' }\n"
		"account both { imap = 'imaps://h.example' dav = 'https://h.example/' user = u\n"
		"               password-command = x store = '%s/d' }\n"
		"account known { server = h.example dav = 'https://h.example/' user = u\n"
		"                password-command = x store = '%s/e' }\n"
		"account stranger { dav = 'http://localhost:1/' user = stranger password-command = x\n"
		"                   store = '%s/f' }\n";
	char whole[2048];

	buf_init(&lines, 1 << 20);
	if (room_set_up(state))
		return -1;
	snprintf(whole, sizeof whole, text, room_path, room_path, room_path, room_path, room_path, room_path);
	config = room_read_text(&lines, whole);
	return config ? 0 : -1;
}

static int tear_down(void **state)
{
	config_free(config);
	buf_free(&lines);
	return room_tear_down(state);
}

static void which(void **state)
{
	static const struct {
		const char *name;
		bool mail, dav, optional;
		const char *label;
	} cases[] = {
		{ "server", true, true, true, "server (dav)" },
		{ "imap", true, false, false, NULL },
		{ "dav", false, true, false, "dav" },
		{ "both", true, true, false, "both (dav)" },
		{ "known", true, true, false, "known (dav)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct account *a = account(cases[i].name);
		char label[SERVICE_LABEL];

		assert_int_equal(service_wanted(&service_types[MAIL], a), cases[i].mail);
		assert_int_equal(service_wanted(&service_types[DAV], a), cases[i].dav);
		if (cases[i].mail) {
			service_label(&service_types[MAIL], a, label);
			assert_string_equal(label, cases[i].name);
		}
		if (cases[i].dav) {
			struct service *service = service_new(&service_types[DAV], a);

			service_label(&service_types[DAV], a, label);
			assert_string_equal(label, cases[i].label);
			assert_int_equal(service_optional(&service_types[DAV], a), cases[i].optional);
			service_close(service);
		}
	}
}

static void reach(void **state)
{
	static const struct {
		const char *pattern;
		bool mail, dav;
	} cases[] = {
		{ "mail/INBOX", true, false }, { "mail/*", true, false },
		{ "calendars/Home", false, true }, { "tasks/%", false, true },
		{ "notes/Notes", false, true }, { "contacts/*", false, true },
		{ "*", true, true }, { "%/Work", true, true }, { "*s/Work", true, true },
		{ "c*", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(service_reaches(&service_types[MAIL], cases[i].pattern), cases[i].mail);
		assert_int_equal(service_reaches(&service_types[DAV], cases[i].pattern), cases[i].dav);
	}
}

static struct service *opened(int type, const struct account *a)
{
	struct service *service = NULL;

	assert_null(service_run(&service_types[type], a, "secret", false, &service));
	return service;
}

/* Nothing in .koc belongs to two services. */
static void apart(void **state)
{
	const struct service_type *mail = &service_types[MAIL], *dav = &service_types[DAV];
	struct service *one = opened(MAIL, account("both")), *two = opened(DAV, account("both"));
	struct stat a, b;

	(void)state;
	assert_string_not_equal(mail->name, dav->name);
	assert_int_equal(fstat(one->lock, &a), 0);
	assert_int_equal(fstat(two->lock, &b), 0);
	assert_true(a.st_ino != b.st_ino);
	assert_int_equal(fstat(one->spool.directory, &a), 0);
	assert_int_equal(fstat(two->spool.directory, &b), 0);
	assert_true(a.st_ino != b.st_ino);
	assert_int_equal(fstatat(one->inner, mail->state, &a, 0), 0);
	assert_int_equal(fstatat(one->inner, dav->state, &b, 0), 0);
	assert_true(a.st_ino != b.st_ino);
	service_close(one);
	service_close(two);
	for (int kind = 0; kind < KINDS; kind++) /* each kind has one service */
		assert_int_equal(mail->kinds[kind] + dav->kinds[kind], 1);
}

/* Whichever service wrote it down: another user is refused by both. */
static void one_owner(void **state)
{
	const struct account *a = account("server");
	struct account other = *a;
	struct service *service = opened(MAIL, a);
	const struct fail *f;

	(void)state;
	assert_null(service_own(service));
	service_close(service);
	service = opened(DAV, a);
	service_close(service);

	other.user = account("stranger")->user;
	for (int type = MAIL; type <= DAV; type++) {
		service = NULL;
		f = service_run(&service_types[type], &other, "secret", false, &service);
		assert_true(fail_is(f, FAIL_CONFIG));
		assert_non_null(strstr(f->text, "belongs to u, not to stranger"));
		assert_null(service);
	}
}

static void believed(void **state)
{
	const struct service_type *dav = &service_types[DAV];
	const struct account *a = account("server");
	int64_t now = clock_now();
	struct service *service = opened(DAV, a);
	struct state_folder folder = { .kind = KIND_EVENTS, .path = "calendars/Home", .name = { "h", "h" } };
	bool never = false;

	(void)state;
	assert_false(service_absent(dav, a, now));
	assert_true(service_known(service));
	assert_null(service_never_there(service, &never));
	assert_true(never);
	assert_null(service_note_absent(service, now + 10));
	assert_true(service_absent(dav, a, now));
	assert_false(service_absent(dav, a, now + 10));
	assert_false(service_absent(dav, a, now - 10 * ABSENT_MOST)); /* that clock was wrong */
	assert_false(service_known(service));                         /* also when it is time to look again */
	assert_false(service_absent(&service_types[MAIL], a, now));
	service_note_there(service);
	assert_false(service_absent(dav, a, now));
	assert_true(service_known(service));
	service_note_there(service);
	assert_null(state_folder_put(service->state, &folder));
	assert_null(service_never_there(service, &never));
	assert_false(never); /* what was there can only fail */
	service_close(service);
}

/* What is named by a key of its own is never believed not to be there. */
static void never_believed(void **state)
{
	static const char *const names[] = { "dav", "both", "known" };
	int64_t now = clock_now();

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct account *a = account(names[i]);
		struct service *service = opened(DAV, a);
		bool never = true;

		assert_null(service_note_absent(service, now + 1000));
		assert_false(service_absent(&service_types[DAV], a, now));
		assert_true(service_known(service));
		assert_null(service_never_there(service, &never));
		assert_false(never);
		service_close(service);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which),
		cmocka_unit_test(reach),
		cmocka_unit_test(apart),
		cmocka_unit_test(one_owner),
		cmocka_unit_test(believed),
		cmocka_unit_test(never_believed),
	};

	return cmocka_run_group_tests_name("command: services", tests, set_up, tear_down);
}
