/* Mail: what koc must know of a message while its bytes pass by: its print (identity without its
 * name), and the fields that scripts ask for.  Never changes a byte. */
#ifndef KOC_FORMAT_MAIL_H
#define KOC_FORMAT_MAIL_H

#include "core/item.h"

struct mail_fields {
	char *message_id; /* with angle brackets, first one found; NULL none */
	char *subject;    /* RFC 2047 decoded, UTF-8, at most 998 bytes; NULL none */
	char *from;       /* the same */
	int64_t sent;     /* Date: in seconds since the epoch, 0 unknown */
};

void mail_fields_free(struct mail_fields *fields); /* frees the strings, not the struct */

struct mail_scan; /* opaque: one message being read, piece by piece */

struct mail_scan *mail_scan_begin(void);

/* The next bytes, with CRLF or LF line ends (both count as CRLF for the print).  Only the header is
 * looked into, at most its first MAIL_HEADER_MOST bytes; memory is bounded. */
void mail_scan_add(struct mail_scan *scan, const void *data, size_t size);

/* Ends it and frees it.  print->size is the size on the wire (every line end counted as CRLF;
 * a lone CR is one byte), print->head the SHA-256 of the header with LF line ends, up to and without
 * the empty line.  Both leave out a header line "X-TUID: …", QUIRK(mbsync): it adds one to what it
 * stores, on either side.  `fields` may be NULL (nothing is decoded then). */
void mail_scan_end(struct mail_scan *scan, struct print *print, struct mail_fields *fields);

#define MAIL_HEADER_MOST ((size_t)1 << 20)

/* Can two messages of these sizes (either with or without an X-TUID line) be the same one? */
bool mail_size_close(uint64_t a, uint64_t b);

/* How many bytes an X-TUID line takes on the wire. */
#define MAIL_TUID_SIZE 22

#endif
