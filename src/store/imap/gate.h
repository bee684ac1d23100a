/* Gate: turns what the server sends into answers.  All that comes from outside passes here, and
 * limits stand here: length of a line, of a literal, nesting, the number of responses to a command.
 *
 * Who parses what:
 *  - incoming.c cuts lines and literals; bodies go from there straight to who asked for them;
 *  - the gate and reader.c read what libetpan reads wrongly or not at all: tags and status,
 *    capabilities, LIST, LSUB, STATUS (libetpan keeps the last of many and fails on unknown items),
 *    SEARCH (of any length), NAMESPACE, and the frame of FETCH;
 *  - libetpan (etpan.c) reads the values: FETCH items, flags, VANISHED, response codes with
 *    structure.  It is given one line at a time, rewritten by clean.c from known items and plain
 *    tokens, with no literal in it, so that neither its limits nor its crashes can be reached from
 *    outside.
 * Unknown untagged responses are dropped.  Any error means that the connection must be closed: what
 * follows cannot be trusted.
 */
#ifndef KOC_STORE_IMAP_GATE_H
#define KOC_STORE_IMAP_GATE_H

#include "base/buf.h"
#include "base/fail.h"
#include "store/imap/answer.h"
#include "store/imap/incoming.h"

struct arena;
struct etpan;

#define GATE_ANSWERS_MOST ((uint64_t)8000000) /* untagged responses to one command */
#define GATE_BYTES_MOST   ((uint64_t)512 << 20) /* the same in bytes, bodies aside */
#define GATE_BODY_MOST    ((uint64_t)INT32_MAX)

/* Takes the bytes of a body while they arrive. */
typedef const struct fail *gate_body(void *context, const void *data, size_t size);

/* A body of this section comes next, of this size: "HEADER", "1.2.MIME"; "" the whole message. */
typedef const struct fail *gate_section(void *context, const char *section, uint64_t size);

#define GATE_SECTION_MOST 320 /* bytes of a section's name */

struct gate {
	struct incoming incoming;
	struct etpan *etpan;
	struct arena *arena;    /* of the answer at hand */
	struct buf text;        /* the response being read */
	struct buf clean;       /* what libetpan is given */
	bool searching;         /* within a SEARCH response */
	bool has_body;          /* the FETCH being read brought a body */
	uint64_t answers, bytes; /* since gate_expect */
	gate_body *body;        /* who takes bodies; NULL: nobody asked for one */
	gate_section *begin;    /* is told of each before; NULL: bodies of `section` only, one a message */
	void *body_context;
	char named[GATE_SECTION_MOST + 1]; /* of the body that follows */
	const char *section;    /* of the body asked for: "" or "HEADER" */
};

void gate_init(struct gate *gate, incoming_read *read, void *context);
void gate_free(struct gate *gate); /* frees what it holds, not the struct */

/* A new command's answers begin. */
void gate_expect(struct gate *gate);

/* Whoever takes the bodies of BODY[section] from now on; NULL: nobody. */
void gate_take_bodies(struct gate *gate, const char *section, gate_body *body, void *context);

/* The same for whoever takes several sections of a message: all that the server sends.  BODYSTRUCTURE is told
 * then, too. */
void gate_take_sections(struct gate *gate, gate_section *begin, gate_body *body, void *context);

/* The next answer of use; what it points to is valid until the next call.  FAIL_PROTOCOL when a
 * limit is passed or a response makes no sense; what the reader or `body` returned. */
const struct fail *gate_next(struct gate *gate, struct answer *answer) MUST_CHECK;

#endif
