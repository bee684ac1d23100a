/* The IMAP driver (RFC 3501, RFC 9051): the server side of mail.  Refs are UIDs as ten digits
 * ("0000000077"), so that they sort as numbers; revisions are "". */
#ifndef KOC_STORE_IMAP_IMAP_H
#define KOC_STORE_IMAP_IMAP_H

#include "store/store.h"

struct imap_options {
	const char *host, *port;
	bool implicit_tls;        /* else STARTTLS is required, unless `plain` */
	bool plain;               /* tls = "none": loopback only */
	const char *user, *secret;
	const char *ca_file, *fingerprint;
	int timeout;              /* seconds without progress */
	const char *memo;         /* store.memo of the last run; NULL none */
	const char *account;      /* the account's id, for text forms (format/textform.h); NULL: there will
				   * be none, PART_TEXT reads all whole */
};

/* A store that connects at its first folders().  Strings are copied.  Never fails; the caller
 * closes it with store_close. */
struct store *imap_open(const struct imap_options *options);

/* Bytes and turns so far, for the log and the benchmarks. */
struct connect_counts;
struct connect_counts imap_counts(const struct store *store);

#endif
