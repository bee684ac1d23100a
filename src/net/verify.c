/* Verify: a server's certificate against the host it should be for. */
#include "net/verify.h"

#include "base/buf.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* So many of a certificate's names are told before "…". */
#define NAMES_TOLD 4

static bool host_is_address(const char *host)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

int verify_expect_name(const struct verify *verify, X509_VERIFY_PARAM *param)
{
	if (host_is_address(verify->host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, verify->host);
	/* RFC 9525: a name in the subject means nothing, "*" stands for one whole label. */
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(param, verify->host, 0);
}

int verify_expect(struct verify *verify, SSL *ssl)
{
	return verify_expect_name(verify, SSL_get0_param(ssl)) &&
	       (host_is_address(verify->host) || SSL_set_tlsext_host_name(ssl, verify->host) > 0);
}

/* ---- words -------------------------------------------------------------------------------- */

static void told_string(struct buf *names, const ASN1_STRING *string)
{
	const unsigned char *data = ASN1_STRING_get0_data(string);
	int i, size = ASN1_STRING_length(string);

	for (i = 0; i < size; i++)
		buf_addc(names, data[i] > 0x20 && data[i] < 0x7f ? (char)data[i] : '?');
}

static void told_address(struct buf *names, const ASN1_OCTET_STRING *address)
{
	int size = ASN1_STRING_length(address);
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
		      sizeof(text)))
		buf_adds(names, text);
}

/* The names that a certificate is for, as the issuer wrote them. */
static void told_names(struct buf *names, X509 *certificate)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int i, told = 0;

	for (i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
		bool address = name->type == GEN_IPADD &&
			       (ASN1_STRING_length(name->d.iPAddress) == 4 ||
				ASN1_STRING_length(name->d.iPAddress) == 16);

		if (name->type != GEN_DNS && !address)
			continue;
		if (told == NAMES_TOLD) {
			buf_adds(names, ", …");
			break;
		}
		buf_adds(names, told++ ? ", " : "");
		if (address)
			told_address(names, name->d.iPAddress);
		else
			told_string(names, name->d.dNSName);
	}
	GENERAL_NAMES_free(list);
	if (!told)
		buf_adds(names, "no host at all");
}

static void refuse_name(struct verify *verify, X509 *certificate)
{
	struct buf names;

	buf_init(&names, 200);
	told_names(&names, certificate);
	snprintf(verify->reason, sizeof(verify->reason), "certificate is for %s, not %s",
		 names.data, verify->host);
	buf_free(&names);
}

static void told_day(const ASN1_TIME *time, char day[20])
{
	struct tm when;

	if (!ASN1_TIME_to_tm(time, &when) || !strftime(day, 20, "%Y-%m-%d", &when))
		str_copy(day, 20, "an unknown date");
}

/* Puts the reason that OpenSSL found into words. */
static void refuse_chain(struct verify *verify, X509_STORE_CTX *store)
{
	int error = X509_STORE_CTX_get_error(store);
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	const char *whose = X509_STORE_CTX_get_error_depth(store) > 0 ? "issuer's certificate" :
									"certificate";
	char day[20];

	if (!certificate)
		certificate = X509_STORE_CTX_get0_cert(store);
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		refuse_name(verify, X509_STORE_CTX_get0_cert(store));
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		told_day(X509_get0_notAfter(certificate), day);
		snprintf(verify->reason, sizeof(verify->reason), "%s expired on %s", whose, day);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		told_day(X509_get0_notBefore(certificate), day);
		snprintf(verify->reason, sizeof(verify->reason),
			 "%s is not valid before %s (is the clock right?)", whose, day);
		break;
	default:
		snprintf(verify->reason, sizeof(verify->reason),
			 "certificate chain not trusted: %s", X509_verify_cert_error_string(error));
		break;
	}
}

/* ---- the pinned key ----------------------------------------------------------------------- */

static struct digest key_digest(X509 *certificate)
{
	struct digest digest = { 0 };
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	if (size > 0)
		digest = digest_of(der, (size_t)size);
	OPENSSL_free(der);
	return digest;
}

/* A pinned key speaks for itself: issuer and dates do not matter, and a certificate that has no
 * subjectAltName may carry its name in the subject, as those that are made by hand do. */
static bool pin_holds(struct verify *verify, X509 *certificate)
{
	struct digest digest = key_digest(certificate);
	char hex[2 * DIGEST_SIZE + 1];
	int named;

	if (!digest_known(&digest) ||
	    memcmp(digest.bytes, verify->pin.bytes, sizeof(digest.bytes)) != 0) {
		str_hex(hex, digest.bytes, sizeof(digest.bytes));
		snprintf(verify->reason, sizeof(verify->reason),
			 "server's key is not the pinned one, but sha256:%s", hex);
		return false;
	}
	named = host_is_address(verify->host) ?
			X509_check_ip_asc(certificate, verify->host, 0) :
			X509_check_host(certificate, verify->host, strlen(verify->host),
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL);
	if (named != 1)
		refuse_name(verify, certificate);
	return named == 1;
}

int verify_certificate(X509_STORE_CTX *store, void *context)
{
	struct verify *verify = context;
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	bool good;

	verify->reason[0] = '\0';
	if (verify->pinned) {
		good = pin_holds(verify, certificate);
		/* What is set here becomes the alert that the server is sent. */
		X509_STORE_CTX_set_error(store, good ? X509_V_OK :
						       X509_V_ERR_APPLICATION_VERIFICATION);
		return good;
	}
	if (X509_verify_cert(store) == 1)
		return 1;
	refuse_chain(verify, store);
	return 0;
}
