/* Trust: libcurl's TLS is judged by net/verify.c, as that of mail is. */
#include "net/http_room.h"

#include "base/str.h"
#include "net/connect.h"

#include <openssl/err.h>

static const char *library_reason(void)
{
	unsigned long error = ERR_peek_error();
	const char *text;

	if (ERR_SYSTEM_ERROR(error))
		return strerror(ERR_GET_REASON(error));
	text = ERR_reason_error_string(error);
	return text ? text : "unknown reason";
}

const struct fail *trust_open(struct http *http)
{
	const char *file = http->options.ca_file;
	X509_LOOKUP *directory;

	if (!http->origin.tls || http->options.fingerprint)
		return NULL;
	ERR_clear_error();
	http->authorities = X509_STORE_new();
	if (!http->authorities)
		return fail_make(FAIL_TLS, FAIL_ACCOUNT, "cannot set up TLS: %s", library_reason());
	if (file) {
		if (X509_STORE_load_file(http->authorities, file))
			return NULL;
		return fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "tls-ca-file %s: %s", file, library_reason());
	}
	directory = X509_STORE_add_lookup(http->authorities, X509_LOOKUP_hash_dir());
	if (!directory || !X509_LOOKUP_add_dir(directory, NULL, X509_FILETYPE_DEFAULT))
		return fail_make(FAIL_TLS, FAIL_ACCOUNT, "cannot use the system's certificates: %s",
				 library_reason());
	ERR_clear_error();
	return NULL;
}

/* Something happened to a connection; of interest is the server's good-bye (RFC 8446 6.1). */
static void on_event(const SSL *ssl, int what, int value)
{
	struct http *http = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (what != SSL_CB_READ_ALERT || (value & 0xff) != SSL3_AD_CLOSE_NOTIFY)
		return;
	for (size_t i = 0; i < HTTP_STREAMS; i++)
		if (http->slots[i].ssl == ssl)
			http->slots[i].goodbye = true;
}

void trust_watch(struct slot *slot)
{
	struct curl_tlssessioninfo *info = NULL;

	if (slot->ssl)
		return;
	if (!http_curl.easy_getinfo(slot->easy, CURLINFO_TLS_SSL_PTR, &info) && info)
		slot->ssl = info->internals;
	if (!slot->ssl)
		slot->answer.fail = fail_make(FAIL_SYSTEM, FAIL_ITEM, "libcurl tells nothing about TLS");
}

CURLcode trust_set(CURL *easy, void *ssl_context, void *context)
{
	SSL_CTX *ssl = ssl_context;
	struct slot *slot = context;
	struct http *http = slot->http;

	(void)easy;
	slot->verify = (struct verify){
		.host = http->origin.host,
		.pinned = http->options.fingerprint != NULL,
		.pin = http->pin,
	};
	if (!verify_expect_name(&slot->verify, SSL_CTX_get0_param(ssl)))
		return CURLE_SSL_CERTPROBLEM;
	/* What the user names is trusted, be it a root, an authority between, or the server's own. */
	if (http->options.ca_file)
		X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
	if (http->authorities)
		SSL_CTX_set1_cert_store(ssl, http->authorities);
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_app_data(ssl, http);
	SSL_CTX_set_info_callback(ssl, on_event);
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, verify_certificate, &slot->verify);
	return CURLE_OK;
}

/* Only the certificate's judge leaves words.  For all else the handshake is made once more by net/connect.c,
 * which looks closer: at what the server says in place of TLS, and which version it would speak. */
const struct fail *trust_explain(const struct slot *slot)
{
	const struct http *http = slot->http;
	struct connect_options options = {
		.host = http->origin.host,
		.port = http->origin.port,
		.ca_file = http->options.ca_file,
		.fingerprint = http->options.fingerprint,
		.timeout = http->options.timeout,
	};
	struct connection *connection = NULL;
	const struct fail *fail;

	if (slot->verify.reason[0])
		return fail_make(FAIL_TLS, FAIL_ACCOUNT, "TLS handshake: %s", slot->verify.reason);
	fail = connect_open(&options, &connection);
	if (!fail)
		fail = connect_tls(connection);
	connect_close(connection);
	if (!fail)
		fail = fail_make(FAIL_TLS, FAIL_ACCOUNT, "TLS handshake failed: %s",
				 slot->error[0] ? slot->error : "no reason known");
	return fail;
}
