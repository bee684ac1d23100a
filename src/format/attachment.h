/* Attachments: the parts of a message, as its file here tells them: those that lie in it, and those of a text
 * form that are on the server (its stubs).  For choosing one by what people see of it. */
#ifndef KOC_FORMAT_ATTACHMENT_H
#define KOC_FORMAT_ATTACHMENT_H

#include "format/textform.h"

struct attachment {
	bool here;           /* it lies in the file, from `at` to `end`: its header, an empty line, its body
			      * (format/entity.h).  Else it is a stub */
	uint64_t at, end;
	const char *section; /* a stub's: as the server names the part.  Of what is here as the file's own
			      * structure has it; NULL in a text form, whose structure is another */
	const char *name;    /* of the file, UTF-8; NULL none */
	/* What mail programs show for a stub; NULL none.  Its description, "a.pdf (12 KB, application/pdf)";
	 * its own file name, without slashes. */
	const char *shown, *shown_file;
	const char *type;    /* "application/pdf" */
	uint64_t size;       /* bytes without the encoding, nearly */
};

/* Parts that hold no others, attached messages as one, in their order.  All in an arena. */
struct attachments {
	struct attachment *items;
	size_t count;
	struct textform_found found; /* is it a text form, and of which message? */
};

struct attachment_find; /* opaque: a file being read, piece by piece */

struct attachment_find *attachment_find_begin(void);

/* The next bytes of the message, with CRLF or LF line ends. */
void attachment_find_add(struct attachment_find *find, const void *data, size_t size);

/* Ends it and frees it. */
void attachment_find_end(struct attachment_find *find, struct arena *arena, struct attachments *attachments);

/* The one of this name, or of this section.  FAIL_MISSING: there is none; FAIL_USAGE: there are several of
 * that name; both texts tell what there is. */
const struct fail *attachment_choose(const struct attachments *attachments, const char *name,
				     const struct attachment **chosen) MUST_CHECK;

#endif
