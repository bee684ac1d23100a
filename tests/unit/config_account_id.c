/* config/account_id.h: which accounts are the same, and a value that must stay what it is: files bear it. */
#include "config/account_id.h"
#include "unit/config_room.h"

/* Of an account with these keys; "user" is one of them. */
static void id_of(const char *keys, char id[ACCOUNT_ID_SIZE + 1])
{
	char text[1024];
	struct buf lines;
	struct config *config;

	buf_init(&lines, 1 << 20);
	snprintf(text, sizeof text, "account x {\n%s\npassword-command = \"true\" store = /x\n}\n", keys);
	config = room_read_text(&lines, text);
	if (!config)
		fail_msg("%s", lines.data);
	account_id(&config->accounts[0], id);
	config_free(config);
	buf_free(&lines);
}

#define JANE "user = \"jane@example.com\" "

static const struct {
	const char *keys;
	const char *id; /* printf 'jane@example.com\0mail.example.com' | sha256sum */
} known[] = {
	{ JANE "server = \"mail.example.com\"", "70324753891931a0" },
	{ JANE "imap = \"imap://mail.example.com\"", "70324753891931a0" },
	{ JANE "imap = \"imaps://MAIL.example.com:1993\"", "70324753891931a0" },
	{ "user = \"Jane@Example.COM\" server = \"Mail.Example.Com\"", "70324753891931a0" },
	{ JANE "server = \"example.com\" imap = \"imaps://mail.example.com\"", "70324753891931a0" },
	{ JANE "server = \"mail.example.com\" dav = { \"https://dav.example.com/\" }", "70324753891931a0" },
	{ JANE "server = \"mail.example.org\"", "1dbcc5d2012e2105" },
	{ "user = jane server = \"mail.example.com\"", "a102ce7c0c13328f" },
	{ JANE "dav = { \"https://dav.example.com/\" }", "4078dc212038fdb7" },
};

static void ids(void **state)
{
	char id[ACCOUNT_ID_SIZE + 1];
	size_t count = 0;

	(void)state;
	for (; count < COUNT(known); count++) {
		id_of(known[count].keys, id);
		if (strcmp(id, known[count].id) != 0)
			fail_msg("%s: %s instead of %s", known[count].keys, id, known[count].id);
	}
	assert_int_equal(count, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests_name("config_account_id", tests, room_set_up, room_tear_down);
}
