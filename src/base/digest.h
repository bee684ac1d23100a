/* SHA-256, at once or piece by piece (OpenSSL EVP). */
#ifndef KOC_BASE_DIGEST_H
#define KOC_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

/* A SHA-256.  All zero means "not known". */
struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

struct digest_run; /* one computation under way; opaque */

struct digest_run *digest_begin(void);
void digest_add(struct digest_run *run, const void *data, size_t size);
struct digest digest_end(struct digest_run *run); /* frees run; it is never "not known" */
void digest_cancel(struct digest_run *run);       /* frees run; NULL allowed */

struct digest digest_of(const void *data, size_t size);

bool digest_known(const struct digest *digest);
bool digest_equal(const struct digest *a, const struct digest *b); /* false if either is not known */

#endif
