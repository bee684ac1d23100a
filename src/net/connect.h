/* Connections: TCP to the first address that answers (RFC 8305), TLS by OpenSSL 3 with chain and
 * name verified (RFC 9525) and at least TLS 1.2, deadlines, zlib on request (RFC 4978).  Knows
 * no mail protocol. */
#ifndef KOC_NET_CONNECT_H
#define KOC_NET_CONNECT_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct connection; /* opaque */

struct connect_options {
	const char *host;        /* name or address literal */
	const char *port;
	const char *ca_file;     /* NULL: the system's directory (SSL_CTX_load_verify_dir) */
	const char *fingerprint; /* 64 hex digits, SHA-256 of the server's SPKI; verified in
	                          * addition to the name; replaces the chain check.  NULL none */
	int timeout;             /* seconds without progress; also for connecting */
	bool loopback_only;      /* no TLS will be used: refuse any address but loopback */
};

/* Connects the TCP part: families interleaved, 250 ms stagger.  All fails are of ACCOUNT scope:
 * FAIL_UNREACHABLE; FAIL_TLS for loopback_only and another address; FAIL_CONFIG for a fingerprint
 * that is none. */
const struct fail *connect_open(const struct connect_options *options,
				struct connection **connection) MUST_CHECK;

/* Starts TLS now.  Bytes received before it and not yet read are an injection: FAIL_TLS.
 * FAIL_TLS with the reason in words (name, chain, expired, version), FAIL_UNREACHABLE, or
 * FAIL_CONFIG for a ca_file that cannot be read. */
const struct fail *connect_tls(struct connection *connection) MUST_CHECK;
bool connect_is_tls(const struct connection *connection);

/* Reads what there is, at least one byte, at most `room`, waiting up to the timeout.  The end of
 * the stream is FAIL_UNREACHABLE "closed by the server": never 0 bytes. */
const struct fail *connect_read(struct connection *connection, void *data, size_t room,
				size_t *got) MUST_CHECK;

/* Is there something to read without waiting?  Also true at the end of the stream. */
bool connect_readable(struct connection *connection);

/* Buffers; goes out with connect_flush or when 16 KB are together. While a write would block,
 * what arrives is read into memory (at most 1 MB, then FAIL_PROTOCOL), so that two full pipes
 * cannot deadlock. */
const struct fail *connect_write(struct connection *connection, const void *data,
				 size_t size) MUST_CHECK;
const struct fail *connect_flush(struct connection *connection) MUST_CHECK;

/* From now on both directions are deflated (raw deflate, RFC 4978); bytes already received count
 * as deflated. */
const struct fail *connect_compress(struct connection *connection) MUST_CHECK;

/* Counters since opening: bytes on the wire, and turns (client data after server data). */
struct connect_counts {
	uint64_t in, out, turns;
};
struct connect_counts connect_counts(const struct connection *connection);

int connect_fd(const struct connection *connection);

/* Says good-bye without waiting and frees.  NULL allowed. */
void connect_close(struct connection *connection);

#endif
