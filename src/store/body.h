/* Body: the bytes of one item on their way from one side to the other, as they lie on the local disk
 * (LF line ends for mail; see below), in a spool file or in memory, with what was learnt of them
 * while they passed: size, SHA-256, and for mail its print and fields.
 *
 * Mail on the wire has CRLF.  A driver that receives mail feeds wire bytes with body_add_wire: CRLF
 * becomes LF, unless the message holds a bare LF or CR CR LF: then the body keeps its wire bytes
 * throughout and `wire` is true (the prefix already written is turned back).  A driver that sends
 * mail reads with body_read_wire, which does the opposite: LF not preceded by CR becomes CRLF, and
 * nothing at all is changed when `wire` is true.
 */
#ifndef KOC_STORE_BODY_H
#define KOC_STORE_BODY_H

#include "base/fail.h"
#include "core/item.h"
#include "format/item.h"
#include "format/mail.h"
#include "format/textform.h"

#include <sys/stat.h>
#include <sys/types.h>

/* Where bodies are spooled: a directory of the store whose content is never the only copy of
 * anything; it is emptied when a run starts. */
struct spool {
	int directory;     /* descriptor, or -1: bodies stay in memory (tests, memory store) */
	unsigned next;     /* number for the next file's name */
	char prefix[24];   /* put before each name; unique to the process */
};

/* What a body is, and so what is learnt of it. */
enum body_form {
	BODY_BYTES,    /* anything */
	BODY_MAIL,     /* print and fields */
	BODY_CALENDAR, /* iCalendar: facts; kept in memory, at most ITEM_MOST bytes */
	BODY_CARD      /* vCard: the same */
};

/* The form of a kind's items. */
enum body_form body_form_of(enum kind kind);

struct body {
	uint64_t size;           /* bytes as they lie on disk */
	struct digest digest;    /* SHA-256 of the content, known after body_end: of those bytes; for mail
				  * of print.head and the SHA-256 of what follows the header, so that lines
				  * which other programs add to a header (format/mail.h) change nothing */
	struct textform_mark *mark; /* mail only, known after body_end: it is a text form, of this message
				     * (head unknown: of several); owned by the body; NULL it is not */
	struct digest says;      /* then: textform_digest_end's */
	bool wire;               /* mail kept in its wire form */
	enum body_form form;
	bool mail;               /* form is BODY_MAIL */
	struct print print;      /* mail only, known after body_end */
	struct mail_fields fields; /* mail only, known after body_end; owned by the body */
	struct item_facts facts; /* calendar and card only, known after body_end; owned by the body */

	/* Private to body.c: */
	struct spool *spool;
	char name[64];           /* spool file's name; "" when the body lies in memory or elsewhere */
	int fd;                  /* open for reading (or writing before body_end); -1 none */
	char *memory;
	size_t memory_room;
	struct digest_run *run;
	struct mail_scan *scan;
	struct textform_hint hint; /* has it a stub? */
	bool header;             /* the scan wants more */
	bool converts;           /* CRLF becomes LF on the way (until `wire`) */
	bool cr;                 /* a CR is held back (body_add_wire) */
	bool after_cr;           /* the last byte on disk is CR */
	uint64_t bare;           /* LF without CR before them on disk */
	char *out;               /* write buffer */
	size_t out_size;
};

/* A new empty body that will be filled.  The caller frees it with body_free.  Filling one of an item beyond
 * ITEM_MOST is FAIL_DATA. */
const struct fail *body_begin(struct spool *spool, enum body_form form, struct body **body) MUST_CHECK;

/* Adds bytes as they are to lie on disk. */
const struct fail *body_add(struct body *body, const void *data, size_t size) MUST_CHECK;

/* Adds wire bytes of a mail (see above). */
const struct fail *body_add_wire(struct body *body, const void *data, size_t size) MUST_CHECK;

/* Ends filling: digest, print and fields are known then.  The file is not made durable here. */
const struct fail *body_end(struct body *body) MUST_CHECK;

/* A body that reads an existing open regular file of `size` bytes (takes fd).  It is scanned here,
 * once, so digest, print and fields are known.  With `wire` the file is known to hold wire bytes.
 * FAIL_STALE when the file has another size: it is being changed. */
const struct fail *body_of_file(int fd, uint64_t size, enum body_form form, bool wire,
				struct body **body) MUST_CHECK;

/* The same for the file of this name, and it is one version of it: FAIL_STALE if it was written to
 * meanwhile, FAIL_MISSING if the name is gone; FAIL_DATA where it is no regular file.  Its status comes
 * back. */
const struct fail *body_of_named(int at, const char *name, enum body_form form, bool wire,
				 struct body **body, struct stat *status) MUST_CHECK;

/* A body from bytes in memory (copied). */
const struct fail *body_of_memory(const void *data, size_t size, enum body_form form,
				  struct body **body) MUST_CHECK;

/* Reads up to `room` bytes from `offset` as they lie on disk; *got 0 at the end. */
const struct fail *body_read(struct body *body, uint64_t offset, void *data, size_t room,
			     size_t *got) MUST_CHECK;

/* All of it, as it lies on disk, in memory that the caller frees; NULL after a fail. */
const struct fail *body_all(struct body *body, char **data, size_t *size) MUST_CHECK;

/* The number of bytes that body_read_wire will give in all. */
uint64_t body_wire_size(const struct body *body);

/* Reads the wire form from the start on (*offset 0 first, then what the call before left in it: a
 * position on disk); *got 0 at the end.  `room` is at least 2. */
const struct fail *body_read_wire(struct body *body, uint64_t *offset, void *data, size_t room,
				  size_t *got) MUST_CHECK;

/* What the body says of itself as a text form, in the arena; NULL: it is none. */
const struct stub *body_stub(const struct body *body, struct arena *arena);

/* Mail: what its header tells, in the arena; of others NULL. */
const struct words *body_words(const struct body *body, struct arena *arena);

/* The spool file's name if the body lies in one, to be renamed into its place; body_taken tells that
 * it was (body_free then leaves the file alone, and the body can no longer be read).  NULL: read it
 * and write it out. */
const char *body_spool_name(const struct body *body);
void body_taken(struct body *body);

/* Frees the body, removes its spool file.  NULL allowed. */
void body_free(struct body *body);

#endif
