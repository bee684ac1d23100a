/* Certificates made at run time for the unit tests of net/: keys and names as each case needs them. */
#ifndef KOC_TESTS_CERTIFICATES_H
#define KOC_TESTS_CERTIFICATES_H

#include "base/digest.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define DAY 86400L

struct certificate {
	X509 *x509;
	EVP_PKEY *key;
};

static inline void certificate_extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(x509, extension, -1));
	X509_EXTENSION_free(extension);
}

/* A certificate for `name` (the subject) and `names` (subjectAltName, NULL none), signed by `issuer`
 * (NULL: by itself), valid from `begin` to `end` seconds from now.  An authority has no names. */
static inline struct certificate certificate_make(const char *name, const char *names,
						  const struct certificate *issuer, long begin,
						  long end)
{
	static long serial;
	struct certificate c = { X509_new(), EVP_EC_gen("P-256") };
	X509_NAME *subject = X509_NAME_new();

	assert_true(c.x509 && c.key && subject);
	if (!issuer)
		issuer = &c;
	X509_set_version(c.x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c.x509), begin);
	X509_gmtime_adj(X509_getm_notAfter(c.x509), end);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				   -1, 0);
	X509_set_subject_name(c.x509, subject);
	X509_set_issuer_name(c.x509, X509_get_subject_name(issuer->x509));
	X509_set_pubkey(c.x509, c.key);
	certificate_extend(c.x509, issuer->x509, NID_basic_constraints,
			   names || issuer != &c ? "critical,CA:FALSE" : "critical,CA:TRUE");
	certificate_extend(c.x509, issuer->x509, NID_subject_key_identifier, "hash");
	if (names)
		certificate_extend(c.x509, issuer->x509, NID_subject_alt_name, names);
	assert_true(X509_sign(c.x509, issuer->key, EVP_sha256()) > 0);
	X509_NAME_free(subject);
	return c;
}

static inline void certificate_free(struct certificate *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
}

static inline void certificate_write(const struct certificate *c, const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(PEM_write_X509(file, c->x509));
	assert_int_equal(fclose(file), 0);
}

/* The SHA-256 of its SPKI as 64 hex digits. */
static inline void certificate_pin(const struct certificate *c, char pin[65])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(c->key, &der);
	struct digest digest;

	assert_true(size > 0);
	digest = digest_of(der, (size_t)size);
	str_hex(pin, digest.bytes, DIGEST_SIZE);
	OPENSSL_free(der);
}

#endif
