/* SHA-256 by OpenSSL's EVP.  The algorithm is fetched once: the implicit fetch of each
 * initialisation costs more than hashing a short message. */
#include "base/digest.h"

#include "base/memory.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct digest_run {
	EVP_MD_CTX *context;
};

/* SHA-256 is missing or fails only if the library is broken or memory is out. */
static _Noreturn void digest_broken(void)
{
	static const char line[] = "koc: the cryptographic library has no SHA-256\n";
	ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);

	(void)written;
	_exit(71); /* EX_OSERR */
}

static const EVP_MD *sha256(void)
{
	static EVP_MD *algorithm;

	if (!algorithm)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!algorithm)
		digest_broken();
	return algorithm;
}

struct digest_run *digest_begin(void)
{
	struct digest_run *run = memory_alloc(sizeof *run);

	run->context = EVP_MD_CTX_new();
	if (!run->context || EVP_DigestInit_ex2(run->context, sha256(), NULL) != 1)
		digest_broken();
	return run;
}

void digest_add(struct digest_run *run, const void *data, size_t size)
{
	if (size && EVP_DigestUpdate(run->context, data, size) != 1)
		digest_broken();
}

struct digest digest_end(struct digest_run *run)
{
	struct digest digest = { { 0 } };

	if (EVP_DigestFinal_ex(run->context, digest.bytes, NULL) != 1)
		digest_broken();
	digest_cancel(run);
	if (!digest_known(&digest))
		digest.bytes[DIGEST_SIZE - 1] = 1;
	return digest;
}

void digest_cancel(struct digest_run *run)
{
	if (!run)
		return;
	EVP_MD_CTX_free(run->context);
	free(run);
}

struct digest digest_of(const void *data, size_t size)
{
	struct digest_run *run = digest_begin();

	digest_add(run, data, size);
	return digest_end(run);
}

bool digest_known(const struct digest *digest)
{
	static const struct digest unknown;

	return memcmp(digest->bytes, unknown.bytes, DIGEST_SIZE) != 0;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return digest_known(a) && memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}
