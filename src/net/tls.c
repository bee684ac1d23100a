/* TLS on a wire. */
#include "net/tls.h"

#include "base/memory.h"
#include "base/str.h"
#include "net/verify.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one recv(2) may bring: some full records (RFC 8446 5.1: 16 KB each). */
#define READ_AHEAD (64 * 1024)

struct tls {
	struct wire *wire;
	SSL_CTX *context;
	SSL *ssl;
	BIO_METHOD *method;
	struct verify verify;
	bool answered;  /* the server sent something */
	bool plain;     /* … and that was not TLS */
	bool shaken;    /* the handshake is done */
	bool broken;    /* an error of TLS itself: OpenSSL wants no more calls */
	char about[80];
};

/* ---- the wire as OpenSSL sees it ------------------------------------------------------------
 *
 * A dead wire looks like one that wants to be tried again: `wire` knows better, and OpenSSL's state
 * stays good, so that what the server said before it hung up can still be read. */

/* Does a stream that begins with this byte speak TLS?  (RFC 8446 5.1: content types 20 to 23) */
static bool byte_is_tls(unsigned char first)
{
	return first >= 20 && first <= 23;
}

static int wire_bio_read(BIO *bio, char *data, size_t room, size_t *got)
{
	struct tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (wire_read(tls->wire, data, room, got) != WIRE_DONE) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (!tls->answered) {
		tls->answered = true;
		tls->plain = !byte_is_tls((unsigned char)data[0]);
	}
	return 1;
}

static int wire_bio_write(BIO *bio, const char *data, size_t size, size_t *sent)
{
	struct tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (wire_write(tls->wire, data, size, sent) != WIRE_DONE) {
		BIO_set_retry_write(bio);
		return -1;
	}
	return 1;
}

static long wire_bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* nothing is held back here */
}

static BIO *wire_bio(struct tls *tls)
{
	BIO *bio;

	tls->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "koc wire");
	if (!tls->method)
		return NULL;
	BIO_meth_set_read_ex(tls->method, wire_bio_read);
	BIO_meth_set_write_ex(tls->method, wire_bio_write);
	BIO_meth_set_ctrl(tls->method, wire_bio_control);
	bio = BIO_new(tls->method);
	if (!bio)
		return NULL;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	return bio;
}

/* ---- set-up ------------------------------------------------------------------------------- */

/* What OpenSSL itself says about its first error, the one that led to all others. */
static const char *library_reason(void)
{
	unsigned long error = ERR_peek_error();
	const char *text;

	if (ERR_SYSTEM_ERROR(error))
		return strerror(ERR_GET_REASON(error));
	text = ERR_reason_error_string(error);
	return text ? text : "unknown reason";
}

static const struct fail *fail_library(const char *what)
{
	return fail_make(FAIL_TLS, FAIL_ACCOUNT, "%s: %s", what, library_reason());
}

/* Which authorities are trusted.  The system's directory is looked into when a chain needs it; its
 * bundle, the same certificates in one file, would cost 19 ms to load. */
static const struct fail *context_trust(SSL_CTX *context, const char *ca_file)
{
	if (!ca_file) {
		if (!SSL_CTX_set_default_verify_dir(context))
			return fail_library("cannot use the system's certificates");
		return NULL;
	}
	ERR_clear_error();
	if (!SSL_CTX_load_verify_file(context, ca_file))
		return fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "tls-ca-file %s: %s", ca_file,
				 library_reason());
	/* What the user names is trusted, be it a root, an authority between, or the server's
	 * own. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	return NULL;
}

static SSL_CTX *context_new(struct verify *verify)
{
	SSL_CTX *context;

	context = SSL_CTX_new(TLS_client_method());
	if (!context)
		return NULL;
	if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, verify_certificate, verify);
	return context;
}

static const struct fail *tls_set_up(struct tls *tls, const struct tls_options *options)
{
	const struct fail *fail;
	BIO *bio;

	tls->context = context_new(&tls->verify);
	if (!tls->context)
		return fail_library("cannot set up TLS");
	if (!options->pinned) {
		fail = context_trust(tls->context, options->ca_file);
		if (fail)
			return fail;
	}
	tls->ssl = SSL_new(tls->context);
	bio = wire_bio(tls);
	if (!tls->ssl || !bio) {
		BIO_free(bio);
		return fail_library("cannot set up TLS");
	}
	SSL_set_bio(tls->ssl, bio, bio);
	if (!verify_expect(&tls->verify, tls->ssl))
		return fail_library("cannot use the server's name");
	return NULL;
}

/* ---- handshake, reading, writing ---------------------------------------------------------- */

/* Why the handshake failed, in words. */
static void handshake_explain(struct tls *tls)
{
	struct wire *wire = tls->wire;
	unsigned long error = ERR_peek_error();
	int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;

	if (tls->verify.reason[0])
		wire_end(wire, FAIL_TLS, "%s", tls->verify.reason);
	else if (tls->plain)
		wire_end(wire, FAIL_TLS,
			 "server answered without TLS: wrong port, or one where TLS starts later");
	else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION ||
		 reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
		wire_end(wire, FAIL_TLS, "server offers only TLS 1.1 or older");
	else
		wire_end(wire, FAIL_TLS, "TLS handshake failed: %s", library_reason());
}

/* Judges a call to OpenSSL that did not succeed. */
static enum wire_result tls_judge(struct tls *tls, int result, bool reading)
{
	struct wire *wire = tls->wire;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		if (!wire->end_seen)
			return WIRE_WANT_READ;
		if (tls->shaken)
			wire_end(wire, FAIL_UNREACHABLE,
				 "connection cut: closed by the server without TLS good-bye");
		break;
	case SSL_ERROR_WANT_WRITE:
		if (!wire->broken)
			return WIRE_WANT_WRITE;
		break;
	case SSL_ERROR_ZERO_RETURN:
		if (reading)
			wire_end(wire, FAIL_UNREACHABLE, "connection closed by the server");
		break;
	default:
		tls->broken = true;
		if (!tls->shaken)
			handshake_explain(tls);
		else
			wire_end(wire, FAIL_TLS, "TLS broken: %s", library_reason());
		break;
	}
	return WIRE_ENDED;
}

static const struct fail *tls_shake(struct tls *tls)
{
	const struct fail *fail;
	struct wire_wait wait = { .whole = true };
	int result;

	for (;;) {
		ERR_clear_error();
		result = SSL_connect(tls->ssl);
		if (result == 1)
			break;
		switch (tls_judge(tls, result, true)) {
		case WIRE_WANT_READ:
		case WIRE_DONE:
			fail = wire_wait(tls->wire, &wait, POLLIN, NULL);
			break;
		case WIRE_WANT_WRITE:
			fail = wire_wait(tls->wire, &wait, POLLOUT, NULL);
			break;
		case WIRE_ENDED:
			fail = wire_fail(tls->wire);
			break;
		}
		if (fail)
			return fail_in(fail, "TLS handshake");
	}
	tls->shaken = true;
	snprintf(tls->about, sizeof(tls->about), "%s %s", SSL_get_version(tls->ssl),
		 SSL_get_cipher_name(tls->ssl));
	return NULL;
}

const struct fail *tls_start(struct wire *wire, const struct tls_options *options,
			     struct tls **tls)
{
	const struct fail *fail;
	struct tls *new = memory_alloc(sizeof(*new));

	new->wire = wire;
	new->verify.host = options->host;
	new->verify.pinned = options->pinned;
	new->verify.pin = options->pin;
	fail = tls_set_up(new, options);
	if (!fail)
		fail = tls_shake(new);
	if (fail) {
		tls_free(new);
		return fail;
	}
	*tls = new;
	return NULL;
}

enum wire_result tls_read(struct tls *tls, void *data, size_t room, size_t *got)
{
	int result;

	if (tls->broken)
		return WIRE_ENDED;
	ERR_clear_error();
	result = SSL_read_ex(tls->ssl, data, room, got);
	if (result == 1)
		return WIRE_DONE;
	return tls_judge(tls, result, true);
}

enum wire_result tls_write(struct tls *tls, const void *data, size_t size, size_t *sent)
{
	int result;

	if (tls->broken)
		return WIRE_ENDED;
	ERR_clear_error();
	result = SSL_write_ex(tls->ssl, data, size, sent);
	if (result == 1)
		return WIRE_DONE;
	return tls_judge(tls, result, false);
}

const char *tls_describe(const struct tls *tls)
{
	return tls->about;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	if (tls->shaken && !tls->broken) {
		ERR_clear_error();
		SSL_shutdown(tls->ssl);
	}
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->method);
	free(tls);
}
