/* Verify: whether a server's certificate is good enough, and if not, why not, in words. */
#ifndef KOC_NET_VERIFY_H
#define KOC_NET_VERIFY_H

#include "base/digest.h"
#include "base/fail.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct verify {
	const char *host;       /* a name or an address literal; borrowed */
	bool pinned;            /* the key is compared with `pin`; else the chain is verified */
	struct digest pin;      /* SHA-256 of the SPKI */
	char reason[FAIL_TEXT]; /* set when the certificate was refused, else "" */
};

/* Makes `param` expect a certificate for verify->host.  0 if OpenSSL cannot. */
int verify_expect_name(const struct verify *verify, X509_VERIFY_PARAM *param);

/* Makes `ssl` expect a certificate for verify->host, and tells the server the name (SNI) unless
 * it is an address.  0 if OpenSSL cannot. */
int verify_expect(struct verify *verify, SSL *ssl);

/* For SSL_CTX_set_cert_verify_callback; `context` is the struct verify. */
int verify_certificate(X509_STORE_CTX *store, void *context);

#endif
