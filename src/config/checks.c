/* Checks: what only more than one key, a whole section or the whole file shows to be wrong. */
#include "config/checks.h"

#include "base/str.h"
#include "config/mistakes.h"
#include "config/rules.h"
#include "config/url.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MOST 64
#define PATTERN_MOST 1000

/* The line of a key in a section, 0 if it is not given; given with a mistake counts. */
static int line_of(const struct place *place, const char *key)
{
	int i = key_find(place->section, key);

	return i < 0 ? 0 : abs(place->key_line[i]);
}

/* Is the key there, or was it meant to be? */
static bool is_given(const struct place *place, const char *key)
{
	return line_of(place, key) > 0 || place->meant[key_find(place->section, key)];
}

/* ---- the file -------------------------------------------------------------------------------- */

void check_file(const struct outline *outline, const struct stat *status, struct mistakes *mistakes)
{
	int password = 0;

	for (size_t i = 0; i < outline->count && password == 0; i++)
		password = line_of(&outline->items[i], "password");

	/* What the file says is run (password-command, after-sync): its writers act as the user. */
	if (status->st_uid != geteuid() && status->st_uid != 0)
		mistake_add(mistakes, 0, "the file belongs to another user (uid %lu)",
			    (unsigned long)status->st_uid);
	if (status->st_mode & S_IWOTH)
		mistake_add(mistakes, 0, "others can write to this file: chmod o-w it");
	if (password > 0 && (status->st_mode & (S_IRGRP | S_IROTH)))
		mistake_add(mistakes, password,
			    "password: others can read this file: chmod 600 it");
}

/* ---- a folder section ------------------------------------------------------------------------ */

void check_rule(const struct folder_rule *rule, const struct place *place,
		struct mistakes *mistakes)
{
	const char *wrong = rule->from_modes ? modes_wrong(rule->pattern) : pattern_wrong(rule->pattern);
	bool any = false;

	if (!wrong && strlen(rule->pattern) > PATTERN_MOST)
		wrong = "the name is too long";
	if (wrong) {
		mistake_add(mistakes, place->line, "folder \"%.80s\": %s", rule->pattern, wrong);
		return;
	}
	for (size_t i = 0; i < config_key_count; i++) {
		any = any || place->meant[i];
		if (place->key_line[i] == 0)
			continue;
		any = true;
		if (!pattern_reaches(rule->pattern, config_keys[i].for_kind))
			mistake_add(mistakes, abs(place->key_line[i]), "%s is %s",
				    config_keys[i].name,
				    config_keys[i].for_kind[KIND_MAIL]
					    ? "for mail folders"
					    : "not for mail folders");
	}
	if (!any && !place->open_end)
		mistake_add(mistakes, place->line, "folder \"%.80s\": nothing is set",
			    rule->pattern);
}

/* Attachments leave only where a message without them is what was asked for. */
void check_expiry(const struct folder_rule *rule, const struct place *place, struct mistakes *mistakes)
{
	int line = line_of(place, "expire-attachments");

	if (!rule->has_expire || rule->expire_days == 0)
		return;
	if (rule->has_mode && rule->mode != MODE_TEXT)
		mistake_add(mistakes, line,
			    "expire-attachments is for folders in mode text; this one is %s on line %d",
			    rule->mode == MODE_FULL ? "full" : "off", line_of(place, "mode"));
	else if (rule->has_removals && rule->keep_removed)
		mistake_add(mistakes, line,
			    "expire-attachments is for folders in mode text; removals = keep on line %d "
			    "makes this one full", line_of(place, "removals"));
}

void check_modes(const struct place *account, const struct place *end, struct mistakes *mistakes)
{
	int mode = key_find(IN_FOLDER, "mode");

	for (const struct place *place = account; place < end; place++)
		for (size_t i = 0; i < config_key_count; i++)
			if (place->key_line[i] != 0 && (int)i != mode)
				mistake_add(mistakes, abs(place->key_line[i]),
					    "only the mode of folders stands in this file, not %s",
					    config_keys[i].name);
}

/* ---- an account ------------------------------------------------------------------------------ */

static void check_name(const struct account *account, struct mistakes *mistakes)
{
	const char *wrong = NULL;
	size_t size = strlen(account->name);

	if (size == 0)
		wrong = "the name is empty";
	else if (size > NAME_MOST)
		wrong = "the name is too long";
	else if (account->name[0] == '-')
		wrong = "the name begins with \"-\"";
	for (const char *c = account->name; *c && !wrong; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '/' || *c == ':')
			wrong = "a name has no spaces, \"/\" or \":\"";
	if (wrong)
		mistake_add(mistakes, account->line, "account \"%.*s\": %s", NAME_MOST,
			    account->name, wrong);
}

/* One of the keys that tell the secret, no more. */
static void check_secret(const struct account *account, const struct place *place,
			 struct mistakes *mistakes)
{
	static const char *const keys[] = { "password-command", "password", "oauth2-command" };
	const char *first = NULL;
	bool any = false;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		int line = line_of(place, keys[i]);

		any = any || is_given(place, keys[i]);
		if (line > 0 && first)
			mistake_add(mistakes, line, "%s: there is %s on line %d already", keys[i],
				    first, line_of(place, first));
		else if (line > 0)
			first = keys[i];
	}
	if (!any && !place->open_end)
		mistake_add(mistakes, account->line,
			    "account \"%s\": password-command, password or oauth2-command is missing",
			    account->name);
}

/* tls = none contradicts a URL that asks for TLS, and is for this machine only.  (Whether a name is
 * this machine shows when it is looked up.) */
static void check_no_tls(bool given, const char *key, const struct endpoint *endpoint,
			 const struct place *place, struct mistakes *mistakes)
{
	int line = line_of(place, "tls");

	if (!given)
		return;
	if (endpoint->implicit_tls)
		mistake_add(mistakes, line, "tls: none contradicts %ss:// on line %d", key,
			    line_of(place, key));
	else if (url_is_address(endpoint->host) && !url_is_loopback(endpoint->host))
		mistake_add(mistakes, line,
			    "tls: none would send the password in clear: %s on line %d is not this "
			    "machine", key, line_of(place, key));
}

void check_account(const struct account *account, const struct place *place,
		   struct mistakes *mistakes)
{
	static const char *const needed[] = { "user", "store" };

	check_name(account, mistakes);
	check_secret(account, place, mistakes);
	if (account->tls_none) {
		check_no_tls(account->has_imap, "imap", &account->imap, place, mistakes);
		check_no_tls(account->has_smtp, "smtp", &account->smtp, place, mistakes);
	}
	if (place->open_end)
		return;
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!is_given(place, needed[i]))
			mistake_add(mistakes, account->line, "account \"%s\": %s is missing",
				    account->name, needed[i]);
	if (!is_given(place, "server") && !is_given(place, "imap") && !is_given(place, "dav"))
		mistake_add(mistakes, account->line,
			    "account \"%s\": server (or imap, or dav) is missing", account->name);
}

/* ---- all accounts ---------------------------------------------------------------------------- */

/* Is b the same directory as a, or does it lie in it? */
static bool lies_in(const char *a, const char *b)
{
	size_t size = strlen(a);

	return str_starts(b, a) && (b[size] == '/' || b[size] == '\0');
}

static bool same_directory(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

void check_accounts(const struct config *config, struct mistakes *mistakes)
{
	if (config->account_count == 0 && mistakes->count == 0)
		mistake_add(mistakes, 0, "there is no account in this file");
	for (size_t i = 0; i < config->account_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct account *a = &config->accounts[j], *b = &config->accounts[i];

			if (!a->store || !b->store)
				continue;
			if (strcmp(a->store, b->store) == 0 || same_directory(a->store, b->store))
				mistake_add(mistakes, b->line,
					    "account \"%s\": its store is that of account \"%s\" on "
					    "line %d", b->name, a->name, a->line);
			else if (lies_in(a->store, b->store) || lies_in(b->store, a->store))
				mistake_add(mistakes, b->line,
					    "account \"%s\": its store and that of account \"%s\" on "
					    "line %d lie in one another", b->name, a->name, a->line);
		}
	}
}
