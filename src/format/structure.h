/* Structure: a message as a tree of parts (RFC 2045 to 2049), as a server's BODYSTRUCTURE or the
 * message's own bytes (format/mime.h) tell it.  Whoever reads one adds the parts and what was said of
 * them; what follows from that is worked out here.  Pure data in an arena. */
#ifndef KOC_FORMAT_STRUCTURE_H
#define KOC_FORMAT_STRUCTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct attribute;

/* A structure beyond these is cut: what there is of it is right, but it is not all. */
#define STRUCTURE_PARTS 9999 /* Dovecot tells of 10,000: what is more lies in the last one */
#define STRUCTURE_DEPTH 50
#define STRUCTURE_NAME  ((size_t)998) /* bytes of a file name, a description, a subject */

enum disposition {
	DISPOSITION_NONE, /* nothing was said */
	DISPOSITION_INLINE,
	DISPOSITION_ATTACHMENT /* also whatever else was said (RFC 2183 2.8) */
};

struct structure_part {
	/* As it was said.  Strings are never NULL unless that is said here. */
	const char *type, *subtype;         /* lower case */
	const struct attribute *attributes; /* of Content-Type */
	const char *encoding;               /* lower case; "" nothing was said */
	const char *disposed;               /* the word of Content-Disposition; "" nothing */
	const struct attribute *disposed_attributes;
	const char *id;        /* Content-ID with its brackets; "" none */
	const char *described; /* Content-Description; NULL none */
	bool typed_twice;      /* Content-Type stands there more than once */
	const char *titled;    /* of an enclosed message: its Subject; NULL none */
	const char *mark;      /* X-Koc-Part (format/textform.h), where the message's bytes were read and the
				* part is a message/external-body; NULL none */
	uint64_t octets;       /* of the body as it is transferred, line ends counted as CRLF; of a
				* multipart nothing */
	uint64_t lines;
	bool has_lines; /* lines were told */

	/* Of a message/external-body whose bytes were read: what it says of the part it stands for.  Not in
	 * the tree; NULL nothing. */
	struct structure_part *phantom;

	/* Worked out by structure_settle.  In the arena; NULL none. */
	const char *section; /* as IMAP names it (RFC 3501 6.4.5): "1.2"; "" a whole multipart message */
	enum disposition disposition;
	const char *name;    /* of the file: UTF-8, one line, never empty */
	const char *charset; /* as sent */
	const char *format;  /* "flowed" (RFC 3676), as sent */
	const char *description;
	const char *subject;

	/* Where it lies, if the message's bytes were read: positions in them.  A body ends before the line
	 * end that belongs to the next boundary. */
	uint64_t header_at, body_at, end_at;

	/* Of a multipart the parts in it; of a message/rfc822 one, the message in it. */
	struct structure_part *first, *last, *next, *parent;
	size_t depth;  /* the message itself 0 */
	size_t number; /* the message itself 0, then in the order of structure_next */
};

struct structure {
	struct arena *arena;
	struct structure_part *root; /* NULL until one was added */
	size_t count;
	bool cut;    /* beyond a limit: not all parts are there */
	bool broken; /* whoever read it could not make sense of all */
};

/* An empty one, in the arena. */
struct structure *structure_new(struct arena *arena);

/* A new last part of `parent` (NULL: the message itself, once).  NULL beyond a limit: `cut` is set then. */
struct structure_part *structure_add(struct structure *structure, struct structure_part *parent);

/* A new part->phantom. */
struct structure_part *structure_phantom(struct structure *structure, struct structure_part *part);

/* Works out what follows from what was said; once, at the end. */
void structure_settle(struct structure *structure);

/* One part after another, those in it before its next; NULL behind the last of `root`. */
struct structure_part *structure_next(const struct structure_part *root, const struct structure_part *part);

/* The same without those in `part`. */
struct structure_part *structure_skip(const struct structure_part *root, const struct structure_part *part);

/* Type and subtype (lower case); subtype NULL: any. */
bool structure_is(const struct structure_part *part, const char *type, const char *subtype);

/* A copy in lower case, in the arena. */
const char *structure_lower(struct arena *arena, const char *text);

#endif
