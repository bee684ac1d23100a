/* DAV: calendars and address books on a server (RFC 4791, RFC 6352, RFC 6578), as a store. */
#ifndef KOC_STORE_DAV_DAV_H
#define KOC_STORE_DAV_DAV_H

#include "store/store.h"

struct dav_options {
	const char *server;        /* host name to discover from; NULL none */
	const char *const *urls;   /* `dav` of the configuration */
	size_t url_count;
	const char *user, *secret;
	bool bearer;
	const char *ca_file, *fingerprint;
	int timeout, connections;
	bool plain;                /* tls = "none": http:// on loopback */
	const char *memo;          /* of the last run: home sets, what the server can, when it may be
				    * asked again;
				    * NULL or junk: discovered anew */
	int64_t now;               /* seconds since the epoch */
};

/* Opens; connects with the first call.  The strings must live as long as the store.  Never fails: a
 * bad URL fails the first call.  Where discovery finds no home, folders() is FAIL_MISSING (ACCOUNT), and the
 * memo stays NULL until a home was found or the server asked to wait: the caller knows whether the account
 * has to have calendars or contacts. */
struct store *dav_open(const struct dav_options *options);

/* When a server that asked to wait (429, 503) may be asked again, in seconds since the epoch, by the
 * store's memo; 0: it did not ask that, or the memo is NULL or junk. */
int64_t dav_memo_wait(const char *memo);

#endif
