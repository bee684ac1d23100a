/* libcurl, loaded when it is needed.
 *
 * The flavour made with OpenSSL is wanted: there the certificate is judged by net/verify.c, as it is for
 * mail, with the system's authorities looked up in their directory when a chain needs one.  The GnuTLS
 * flavour reads the whole bundle for each connection, 28 ms of CPU each time. */
#include "net/http_curl.h"

#include "base/library.h"
#include "base/str.h"

#include <openssl/opensslv.h>
#include <stdbool.h>
#include <stdio.h>

struct http_curl http_curl;

const struct fail *http_curl_load(void)
{
	static const char *const files[] = { "libcurl.so.4", NULL };
	static const struct library_symbol symbols[] = {
#define X(name) { "curl_" #name, &http_curl.name },
		CURL_FUNCTIONS(X)
#undef X
	};
	static bool loaded;
	const struct fail *fail;
	const char *tls;
	char wanted[24];

	if (loaded)
		return NULL;
	fail = library_load(files, symbols, sizeof symbols / sizeof *symbols);
	if (fail)
		return fail;
	tls = http_curl.version_info(CURLVERSION_NOW)->ssl_version;
	snprintf(wanted, sizeof wanted, "OpenSSL/%d.", OPENSSL_VERSION_MAJOR);
	/* Another library would take an SSL_CTX of ours for something else. */
	if (!tls || !str_starts(tls, wanted))
		return fail_make(FAIL_SYSTEM, FAIL_ALL, "%s: made with %s, but %sx is needed", files[0],
				 tls ? tls : "no TLS", wanted);
	if (http_curl.global_init(CURL_GLOBAL_DEFAULT))
		return fail_make(FAIL_SYSTEM, FAIL_ALL, "%s: cannot be set up", files[0]);
	loaded = true;
	return NULL;
}
