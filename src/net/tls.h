/* TLS on a wire (OpenSSL 3): at least TLS 1.2, the peer's chain and name verified (RFC 9525), or
 * its pinned key and name.  Nothing here waits but the handshake. */
#ifndef KOC_NET_TLS_H
#define KOC_NET_TLS_H

#include "base/digest.h"
#include "base/fail.h"
#include "net/wire.h"

#include <stdbool.h>
#include <stddef.h>

struct tls; /* opaque */

struct tls_options {
	const char *host;     /* whom the certificate must be for: a name or an address literal */
	const char *ca_file;  /* NULL: the system's certificate directory */
	bool pinned;          /* `pin` counts, and no chain (a pin of zeros is a pin too) */
	struct digest pin;    /* SHA-256 of the server's SPKI */
};

/* Shakes hands as a client, within the wire's timeout all in all.  The wire must outlive *tls;
 * *tls is the caller's, to be freed with tls_free.
 * Fails (ACCOUNT): FAIL_TLS with the reason in words; FAIL_UNREACHABLE; FAIL_CONFIG for a
 * ca_file that cannot be read. */
const struct fail *tls_start(struct wire *wire, const struct tls_options *options,
			     struct tls **tls) MUST_CHECK;

/* As wire_read and wire_write.  After an error of TLS itself both are WIRE_ENDED. */
enum wire_result tls_read(struct tls *tls, void *data, size_t room, size_t *got);
enum wire_result tls_write(struct tls *tls, const void *data, size_t size, size_t *sent);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384"; valid as long as tls. */
const char *tls_describe(const struct tls *tls);

/* Sends the closing alert if that is possible without waiting; frees.  NULL allowed. */
void tls_free(struct tls *tls);

#endif
