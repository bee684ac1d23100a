/* Text form: a message without its attachments (SPEC 2).  A valid message: the original header, the text
 * parts as they were sent, and in place of every other part a stub, a message/external-body part (RFC 2046
 * 5.2.3) that tells type, file name and size, so that any mail program lists what is missing.
 *
 * A text form is known by its own bytes: each stub bears
 *
 *	X-Koc-Part: <account> <UIDVALIDITY> <UID> <section> <SHA-256 of the header>
 *
 * in its own header and in what it encloses, since mail programs that write a message anew keep one or the
 * other.  The digest is the one of a print (format/mail.h). */
#ifndef KOC_FORMAT_TEXTFORM_H
#define KOC_FORMAT_TEXTFORM_H

#include "base/digest.h"
#include "base/fail.h"
#include "format/structure.h"

struct arena;
struct buf;

/* ---- what to fetch ------------------------------------------------------------------------ */

#define TEXTFORM_SECTIONS 100                 /* a message of more texts is fetched whole */
#define TEXTFORM_HTML     ((uint64_t)1 << 20) /* bytes of an HTML part that are of use */

/* One section to be fetched: its body and, if it is to be kept as it was sent, its MIME header. */
struct textform_section {
	const struct structure_part *part;
	bool made; /* HTML: text is made of it, the part itself becomes a stub */
};

struct textform_plan {
	const char *whole; /* why the message is to be fetched whole; NULL: the header and these */
	struct textform_section *sections; /* in the arena, by part->number */
	size_t count;
};

/* Decides.  `header`: the message's own, as the server sent it; `size`: its RFC822.SIZE, 0 unknown. */
void textform_plan(const struct structure *structure, const char *header, size_t header_size, uint64_t size,
		   struct arena *arena, struct textform_plan *plan);

/* ---- composing ---------------------------------------------------------------------------- */

#define TEXTFORM_ACCOUNT 64 /* bytes of an account's id, at most */

/* Where the message lies. */
struct textform_source {
	const char *account; /* its id: letters, digits, '.', '_', '-' */
	const char *host;    /* for the URL, which is for people: koc itself never reads it */
	unsigned port;       /* 0: not told */
	const char *user;
	const char *mailbox; /* UTF-8, with '/' between levels */
	uint32_t validity, uid;
};

typedef const struct fail *textform_write(void *context, const void *data, size_t size);

/* What was fetched of a section, or made of it. */
struct textform_text {
	const char *mime; /* its MIME header as sent; of made text nothing */
	size_t mime_size;
	const char *body; /* as sent; made: UTF-8 with LF; NULL made: none could be */
	size_t body_size;
	/* If set, the body is written by this instead, in pieces. */
	const struct fail *(*give)(void *context, textform_write *write, void *to);
	void *context;
};

/* The text of an HTML part, of its bytes as they were sent (the first TEXTFORM_HTML of them do): appended
 * to `out`, UTF-8 with LF; nothing where there is no text in it.  FAIL_SYSTEM: see html_text. */
const struct fail *textform_make(const struct structure_part *part, const char *body, size_t size,
				 struct buf *out) MUST_CHECK;

/* Writes the text form, with CRLF where the server sent CRLF.  `texts` go with plan->sections.
 * FAIL_DATA (ITEM): what was sent contradicts the structure, or holds a boundary: the message is to be
 * fetched whole, and what was written is of no use.  Any fail of `write` or a `give` ends it too. */
const struct fail *textform_compose(const struct structure *structure, const struct textform_plan *plan,
				    const struct textform_source *source, const char *header,
				    size_t header_size, const struct textform_text *texts,
				    textform_write *write, void *context, struct arena *arena) MUST_CHECK;

/* ---- recognising -------------------------------------------------------------------------- */

/* What a stub says. */
struct textform_mark {
	char account[TEXTFORM_ACCOUNT + 1];
	uint32_t validity, uid;
	char section[STRUCTURE_DEPTH * 6 + 1];
	struct digest head;
};

/* Reads a mark; false if it is none. */
bool textform_mark_read(const char *text, struct textform_mark *mark);

struct textform_found {
	size_t stubs;              /* 0: it is no text form */
	bool mixed;                /* they are of different messages */
	bool enclosed;             /* they all lie in attached messages: somebody forwarded a text form */
	struct textform_mark mark; /* the first one's; of one that is not enclosed, if there is any */
};

/* May a message hold a stub?  Tells from its bytes as they pass by, much faster than reading them as MIME:
 * what has none is no text form.  Zeroed at first. */
struct textform_hint {
	bool seen;
	/* Private: */
	char tail[16];
	size_t tail_size;
};

/* The next bytes of the message. */
void textform_hint_add(struct textform_hint *hint, const void *data, size_t size);

/* What a text form says beside its header, digested: its lines with LF ends, but for the headers of its stubs
 * and what they enclose, since those name the message as it was called when they were made.  Two text forms
 * of one message have the same, whatever was done to the header. */
struct textform_digest; /* opaque */

struct textform_digest *textform_digest_begin(void);
void textform_digest_add(struct textform_digest *digest, const void *data, size_t size);
struct digest textform_digest_end(struct textform_digest *digest); /* frees it */

struct textform_find; /* opaque: a file being read, piece by piece */

struct textform_find *textform_find_begin(void);

/* The next bytes of a message, with CRLF or LF line ends; false when no more are needed. */
bool textform_find_add(struct textform_find *find, const void *data, size_t size);

/* Ends it and frees it. */
void textform_find_end(struct textform_find *find, struct textform_found *found);

#endif
