/* Keys: every key of a configuration (SPEC 6).  The table at the end is what tests/lint-config.sh
 * compares koc.conf(5) and config.example with. */
#include "config/keys.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/str.h"
#include "config/home.h"
#include "config/mistakes.h"
#include "config/rules.h"
#include "config/url.h"

#include <string.h>

#define VALUE_SHOWN 60 /* bytes of a wrong value in a message */
#define DAV_MOST 16

/* ---- helpers of the setters ---------------------------------------------------------------- */

static void wrong(const struct setting *s, const char *why)
{
	mistake_add(s->mistakes, s->line, "%s: %s", s->key->name, why);
}

/* One of the words; its index, or -1 after adding a mistake.  `words` ends with NULL. */
static int word_of(const struct setting *s, const char *const *words)
{
	struct buf allowed;

	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], s->value) == 0)
			return i;

	buf_init(&allowed, 512);
	for (int i = 0; words[i]; i++)
		buf_addf(&allowed, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	mistake_add(s->mistakes, s->line, "%s: \"%.*s\" is not known: write %s", s->key->name,
		    VALUE_SHOWN, s->value, allowed.data);
	buf_free(&allowed);
	return -1;
}

static void set_number(const struct setting *s, int *to, uint32_t least, uint32_t most,
		       const char *unit)
{
	uint32_t number;

	if (str_u32(s->value, &number) && number >= least && number <= most)
		*to = (int)number;
	else
		mistake_add(s->mistakes, s->line, "%s: \"%.*s\" is not a number%s from %u to %u",
			    s->key->name, VALUE_SHOWN, s->value, unit, least, most);
}

/* A text of one line that is not empty. */
static bool text_fits(const struct setting *s)
{
	if (s->value[0] == '\0') {
		wrong(s, "the value is empty");
		return false;
	}
	for (const char *c = s->value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			wrong(s, "the value has a control character in it");
			return false;
		}
	return true;
}

static void set_text(const struct setting *s, char **to)
{
	if (text_fits(s))
		*to = memory_str(s->value);
}

/* ---- keys of an account -------------------------------------------------------------------- */

static void set_server(const struct setting *s)
{
	const char *why = url_host(s->value);

	if (why)
		wrong(s, why);
	else
		s->account->server = memory_str(s->value);
}

static void set_user(const struct setting *s)
{
	set_text(s, &s->account->user);
}

static void set_password(const struct setting *s)
{
	set_text(s, &s->account->password);
}

static void set_password_command(const struct setting *s)
{
	set_text(s, &s->account->password_command);
}

static void set_oauth2_command(const struct setting *s)
{
	set_text(s, &s->account->oauth2_command);
}

/* A path made absolute; NULL after adding a mistake. */
static char *path_of(const struct setting *s)
{
	char *path = NULL;
	const char *why;

	if (!text_fits(s))
		return NULL;
	why = home_expand(s->value, &path);
	if (why)
		wrong(s, why);
	return path;
}

static void set_store(const struct setting *s)
{
	s->account->store = path_of(s);
}

static void set_imap(const struct setting *s)
{
	const char *why = url_endpoint(s->value, "imap", &s->account->imap);

	s->account->has_imap = !why;
	if (why)
		wrong(s, why);
}

static void set_smtp(const struct setting *s)
{
	const char *why = url_endpoint(s->value, "smtp", &s->account->smtp);

	s->account->has_smtp = !why;
	if (why)
		wrong(s, why);
}

/* Called once for each URL of the list. */
static void set_dav(const struct setting *s)
{
	struct account *account = s->account;
	const char *why = url_dav(s->value);

	for (size_t i = 0; !why && i < account->dav_count; i++)
		if (strcmp(account->dav[i], s->value) == 0)
			why = "the same URL twice";
	if (!why && account->dav_count == DAV_MOST)
		why = "too many URLs";
	if (why && strchr(s->value, '@')) { /* there may be a password in it */
		wrong(s, why);
		return;
	}
	if (why) {
		mistake_add(s->mistakes, s->line, "%s: \"%.*s\": %s", s->key->name, VALUE_SHOWN,
			    s->value, why);
		return;
	}
	account->dav = memory_resize(account->dav, account->dav_count + 1, sizeof *account->dav);
	account->dav[account->dav_count++] = memory_str(s->value);
}

static void set_tls(const struct setting *s)
{
	static const char *const words[] = { "none", NULL };

	s->account->tls_none = word_of(s, words) == 0;
}

static void set_tls_ca_file(const struct setting *s)
{
	s->account->tls_ca_file = path_of(s); /* read when TLS begins, if it does */
}

/* "sha256:" and 64 hexadecimal digits, of any case, in pairs with or without ":" between. */
static void set_tls_fingerprint(const struct setting *s)
{
	char hex[2 * DIGEST_SIZE + 1];
	uint8_t bytes[DIGEST_SIZE];
	size_t count = 0;
	const char *at = s->value;

	if (str_starts(at, "sha256:")) {
		for (at += 7; *at && count < sizeof hex - 1; at++)
			if (*at != ':' || count % 2 != 0)
				hex[count++] = *at >= 'A' && *at <= 'F' ? (char)(*at + 32) : *at;
		hex[count] = '\0';
		if (*at == '\0' && str_unhex(bytes, hex, DIGEST_SIZE)) {
			s->account->tls_fingerprint = memory_str(hex);
			return;
		}
	}
	wrong(s, "write \"sha256:\" and the 64 hexadecimal digits of the public key's SHA-256");
}

static void set_connections(const struct setting *s)
{
	set_number(s, &s->account->connections, 1, 16, "");
}

static void set_timeout(const struct setting *s)
{
	set_number(s, &s->account->timeout, 1, 3600, " of seconds");
}

static void set_notice(const struct setting *s)
{
	static const char *const words[] = {
		[NOTICE_INBOX] = "inbox", [NOTICE_CONFLICTS] = "conflicts",
		[NOTICE_NONE] = "none", NULL,
	};
	int i = word_of(s, words);

	if (i >= 0)
		s->account->notice = (enum notice)i;
}

static void set_notes(const struct setting *s)
{
	static const char *const words[] = {
		[NOTES_VJOURNAL] = "vjournal", [NOTES_MARKDOWN] = "markdown", NULL,
	};
	int i = word_of(s, words);

	if (i >= 0)
		s->account->notes = (enum notes)i;
}

static void set_after_sync(const struct setting *s)
{
	set_text(s, &s->account->after_sync);
}

static void set_vault_days(const struct setting *s)
{
	set_number(s, &s->account->vault_days, 1, 36500, " of days");
}

/* ---- keys of a folder ---------------------------------------------------------------------- */

static void set_mode(const struct setting *s)
{
	static const char *const words[] = {
		[MODE_FULL] = "full", [MODE_TEXT] = "text", [MODE_OFF] = "off", NULL,
	};
	static const bool mail[KINDS] = { [KIND_MAIL] = true };
	int i = word_of(s, words);

	if (i == MODE_TEXT && !pattern_reaches(s->rule->pattern, mail)) {
		wrong(s, "text is for mail folders; it is full or off here");
	} else if (i >= 0) {
		s->rule->has_mode = true;
		s->rule->mode = (enum mode)i;
	}
}

static void set_direction(const struct setting *s)
{
	static const char *const words[] = {
		[DIRECTION_BOTH] = "both", [DIRECTION_PULL] = "pull", [DIRECTION_PUSH] = "push",
		NULL,
	};
	int i = word_of(s, words);

	if (i >= 0) {
		s->rule->has_direction = true;
		s->rule->direction = (enum direction)i;
	}
}

static void set_delete(const struct setting *s)
{
	static const char *const words[] = {
		[DELETE_TRASH] = "trash", [DELETE_EXPUNGE] = "expunge", [DELETE_NEVER] = "never",
		NULL,
	};
	int i = word_of(s, words);

	if (i >= 0) {
		s->rule->has_delete = true;
		s->rule->remove = (enum delete_policy)i;
	}
}

static void set_removals(const struct setting *s)
{
	static const char *const words[] = { "follow", "keep", NULL };
	int i = word_of(s, words);

	if (i >= 0) {
		s->rule->has_removals = true;
		s->rule->keep_removed = i == 1;
	}
}

static void set_merge(const struct setting *s)
{
	static const char *const words[] = { "no", "yes", NULL };
	int i = word_of(s, words);

	if (i >= 0) {
		s->rule->has_merge = true;
		s->rule->merge = i == 1;
	}
}

static void set_expire_attachments(const struct setting *s)
{
	set_number(s, &s->rule->expire_days, 0, 36500, " of days");
	s->rule->has_expire = true;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define MAIL_ONLY { [KIND_MAIL] = true }
#define BUT_MAIL { false, true, true, true, true }
#define ALL_KINDS { true, true, true, true, true }

const struct key config_keys[] = {
	{ "server", IN_ACCOUNT, .set = set_server },
	{ "user", IN_ACCOUNT, .set = set_user },
	{ "password", IN_ACCOUNT, .set = set_password },
	{ "password-command", IN_ACCOUNT, .set = set_password_command },
	{ "oauth2-command", IN_ACCOUNT, .set = set_oauth2_command },
	{ "store", IN_ACCOUNT, .set = set_store },
	{ "imap", IN_ACCOUNT, .set = set_imap },
	{ "dav", IN_ACCOUNT, .list = true, .set = set_dav },
	{ "smtp", IN_ACCOUNT, .set = set_smtp },
	{ "tls", IN_ACCOUNT, .set = set_tls },
	{ "tls-ca-file", IN_ACCOUNT, .set = set_tls_ca_file },
	{ "tls-fingerprint", IN_ACCOUNT, .set = set_tls_fingerprint },
	{ "connections", IN_ACCOUNT, .set = set_connections },
	{ "timeout", IN_ACCOUNT, .set = set_timeout },
	{ "notice", IN_ACCOUNT, .set = set_notice },
	{ "notes", IN_ACCOUNT, .set = set_notes },
	{ "after-sync", IN_ACCOUNT, .set = set_after_sync },
	{ "vault-days", IN_ACCOUNT, .set = set_vault_days },

	{ "mode", IN_FOLDER, .for_kind = ALL_KINDS, .set = set_mode },
	{ "direction", IN_FOLDER, .for_kind = ALL_KINDS, .set = set_direction },
	{ "delete", IN_FOLDER, .for_kind = MAIL_ONLY, .set = set_delete },
	{ "removals", IN_FOLDER, .for_kind = ALL_KINDS, .set = set_removals },
	{ "merge", IN_FOLDER, .for_kind = BUT_MAIL, .set = set_merge },
	{ "expire-attachments", IN_FOLDER, .for_kind = MAIL_ONLY, .set = set_expire_attachments },
};
const size_t config_key_count = sizeof config_keys / sizeof *config_keys;
_Static_assert(sizeof config_keys / sizeof *config_keys <= KEYS_MOST, "raise KEYS_MOST");

int key_find(enum section in, const char *name)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (config_keys[i].in == in && strcmp(config_keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *section_word(enum section section)
{
	switch (section) {
	case IN_FILE:
		break;
	case IN_ACCOUNT:
		return "account";
	case IN_FOLDER:
		return "folder";
	}
	return "";
}
