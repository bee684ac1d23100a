/* Service types: the table of what an account can have, and how the stores of each are opened. */
#include "command/service.h"

#include "config/rules.h"
#include "store/imap/imap.h"
#include "store/maildir/maildir.h"

#include <stdio.h>

/* ---- mail -------------------------------------------------------------------------------------- */

static bool mail_named(const struct account *account)
{
	return account->has_imap;
}

static struct store *mail_server(const struct account *account, const char *secret, const char *memo)
{
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
