/* Service types: the table of what an account can have, and how the stores of each are opened. */
#include "command/service.h"

#include "base/clock.h"
#include "base/str.h"
#include "config/account_id.h"
#include "config/rules.h"
#include "store/dav/dav.h"
#include "store/imap/imap.h"
#include "store/maildir/maildir.h"
#include "store/vdir/vdir.h"

#include <stdio.h>

/* ---- mail -------------------------------------------------------------------------------------- */

static bool mail_named(const struct account *account)
{
	return account->has_imap;
}

static struct store *mail_server(const struct account *account, const char *secret, const char *memo)
{
	char id[ACCOUNT_ID_SIZE + 1];

	account_id(account, id);
	return imap_open(&(struct imap_options){
		.host = account->has_imap ? account->imap.host : account->server,
		.port = account->has_imap ? account->imap.port : "993",
		.implicit_tls = account->has_imap ? account->imap.implicit_tls : true,
		.plain = account->tls_none,
		.user = account->user,
		.ca_file = account->tls_ca_file,
		.fingerprint = account->tls_fingerprint,
		.timeout = account->timeout,
		.secret = secret,
		.memo = memo,
		.account = id,
	});
}

/* ---- calendars, tasks, notes, contacts ----------------------------------------------------------- */

static bool dav_named(const struct account *account)
{
	return account->dav_count > 0;
}

/* A URL without TLS is of this machine: the configuration takes no other. */
static bool dav_plain(const struct account *account)
{
	for (size_t i = 0; i < account->dav_count; i++)
		if (str_starts(account->dav[i], "http://"))
			return true;
	return account->tls_none;
}

static struct store *dav_server(const struct account *account, const char *secret, const char *memo)
{
	return dav_open(&(struct dav_options){
		.server = account->server,
		.urls = (const char *const *)account->dav, .url_count = account->dav_count,
		.user = account->user,
		.secret = secret,
		.ca_file = account->tls_ca_file,
		.fingerprint = account->tls_fingerprint,
		.timeout = account->timeout,
		.connections = account->connections,
		.plain = dav_plain(account),
		.memo = memo,
		.now = clock_now(),
	});
}

/* ---- the table --------------------------------------------------------------------------------- */

const struct service_type service_types[SERVICE_TYPES] = {
	{
		.name = "mail",
		.kinds = { [KIND_MAIL] = true },
		.lock = "mail.lock", .state = "mail.db", .spool = "mail.spool",
		.makes = "mail",
		.named = mail_named,
		.open_local = maildir_open, .look_local = maildir_look,
		.open_server = mail_server,
	},
	{
		.name = "dav",
		.kinds = { [KIND_EVENTS] = true, [KIND_TASKS] = true, [KIND_CONTACTS] = true,
			   [KIND_NOTES] = true },
		.lock = "dav.lock", .state = "dav.db", .spool = "dav.spool",
		.absent = "dav.absent",
		.named = dav_named,
		.open_local = vdir_open, .look_local = vdir_look,
		.open_server = dav_server, .memo_wait = dav_memo_wait,
	},
};

bool service_wanted(const struct service_type *type, const struct account *account)
{
	return account->server || type->named(account);
}

bool service_reaches(const struct service_type *type, const char *pattern)
{
	return pattern_reaches(pattern, type->kinds);
}

void service_label(const struct service_type *type, const struct account *account, char label[SERVICE_LABEL])
{
	bool others = type != service_types && service_wanted(service_types, account);

	snprintf(label, SERVICE_LABEL, others ? "%s (%s)" : "%s", account->name, type->name);
}
