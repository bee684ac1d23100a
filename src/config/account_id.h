/* Account id: what files that may leave the store are marked with (X-Koc-Part, X-Koc-Notice), to know them
 * again wherever they turn up.  It says nothing of the user to others, and is the same on all the user's
 * machines, under whatever name an account has there. */
#ifndef KOC_CONFIG_ACCOUNT_ID_H
#define KOC_CONFIG_ACCOUNT_ID_H

#include "config/config.h"

#define ACCOUNT_ID_SIZE 16 /* hexadecimal digits */

/* The first digits of the SHA-256 of the user, a NUL and the mail server's host, both in lower case (ASCII).
 * The host is that of `imap`, else `server`, else there is no mail and it is the first of `dav`, as it is
 * written. */
void account_id(const struct account *account, char id[ACCOUNT_ID_SIZE + 1]);

#endif
