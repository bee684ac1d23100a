/* Sections: the bodies that came with a response, held until it is known whose they are: in memory while they
 * are small, else in the spool. */
#ifndef KOC_STORE_IMAP_SECTION_H
#define KOC_STORE_IMAP_SECTION_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/vec.h"
#include "format/textform.h"

#include <stdbool.h>
#include <stdint.h>

struct body;
struct spool;

#define SECTION_MOST  ((uint64_t)64 * 1024) /* bytes of one in memory */
#define SECTIONS_HELD ((uint64_t)1 << 20)   /* of all that came with a response */

struct section {
	char *name;        /* "HEADER", "1.2.MIME"; "" the whole message; NULL: it was taken */
	struct buf bytes;
	struct body *body; /* holds them instead: many, or a whole message */
	bool ended;        /* the body is */
};

struct sections {
	VEC(struct section)
	uint64_t held; /* bytes in memory, all told */
};

/* One of this size comes; its bytes follow.  A whole message becomes a body of mail that is not ended. */
const struct fail *sections_begin(struct sections *sections, struct spool *spool, const char *name,
				  uint64_t size) MUST_CHECK;
const struct fail *sections_add(struct sections *sections, const void *data, size_t size) MUST_CHECK;

/* The last one has come: they can be read. */
const struct fail *sections_end(struct sections *sections) MUST_CHECK;

/* Moves all to another list, until that has `most`. */
void sections_move(struct sections *from, struct sections *to, size_t most);

/* Takes the one of this name out; false if there is none. */
bool sections_take(struct sections *sections, const char *name, struct section *taken);

void sections_free(struct sections *sections);

/* ---- one ----------------------------------------------------------------------------------- */

uint64_t section_size(const struct section *section);

/* Writes its bytes, in pieces; `context` is the section. */
const struct fail *section_give(void *context, textform_write *write, void *to) MUST_CHECK;

void section_free(struct section *section);

#endif
