/* Account id: see account_id.h. */
#include "config/account_id.h"

#include "base/digest.h"
#include "base/str.h"

#include <string.h>

static void add_lower(struct digest_run *run, const char *text)
{
	for (; *text; text++) {
		char c = *text;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		digest_add(run, &c, 1);
	}
}

static const char *host_of(const struct account *account)
{
	if (account->has_imap)
		return account->imap.host;
	if (account->server)
		return account->server;
	return account->dav_count ? account->dav[0] : "";
}

void account_id(const struct account *account, char id[ACCOUNT_ID_SIZE + 1])
{
	struct digest_run *run = digest_begin();
	struct digest digest;

	add_lower(run, account->user);
	digest_add(run, "", 1);
	add_lower(run, host_of(account));
	digest = digest_end(run);
	str_hex(id, digest.bytes, ACCOUNT_ID_SIZE / 2);
}
