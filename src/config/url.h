/* URLs and host names of a configuration, taken apart and checked.  They return NULL or what is wrong
 * (static text that continues "KEY: "). */
#ifndef KOC_CONFIG_URL_H
#define KOC_CONFIG_URL_H

#include "config/config.h"

/* imap:, imaps:, smtp:, smtps: URL; `scheme` is "imap" or "smtp".  On success the endpoint's strings
 * are malloc'ed. */
const char *url_endpoint(const char *url, const char *scheme, struct endpoint *endpoint);

/* https: URL of a DAV server; http: for loopback only. */
const char *url_dav(const char *url);

/* A host name in ASCII or an address literal (IPv6 without brackets). */
const char *url_host(const char *host);

/* "localhost" or an address literal of the loopback. */
bool url_is_loopback(const char *host);

/* An address literal of any kind. */
bool url_is_address(const char *host);

#endif
