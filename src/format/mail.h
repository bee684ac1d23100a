/* Mail: what koc must know of a message while its bytes pass by: its print (identity without its
 * name), and the fields that scripts ask for.  Never changes a byte. */
#ifndef KOC_FORMAT_MAIL_H
#define KOC_FORMAT_MAIL_H

#include "core/item.h"

struct mail_fields {
	char *message_id; /* with angle brackets, the first one found; as sent where it has none;
			   * NULL none */
	char *subject;    /* RFC 2047 decoded, UTF-8, at most MAIL_FIELD_MOST bytes; NULL none */
	char *from;       /* the same */
	int64_t sent;     /* Date: in seconds since the epoch, 0 unknown */
	bool notice;      /* it is a message of koc's own (format/notice.h) */
};

#define MAIL_FIELD_MOST ((size_t)998)

void mail_fields_free(struct mail_fields *fields); /* frees the strings, not the struct */

struct mail_scan; /* opaque: one message's header being read, piece by piece */

struct mail_scan *mail_scan_begin(void);

/* The next bytes of a message (or of its header alone), with CRLF or LF line ends.  Only the header
 * is looked into, at most its first MAIL_HEADER_MOST bytes; memory is bounded.  False when it needs no
 * more: what follows may be fed, to no effect. */
bool mail_scan_add(struct mail_scan *scan, const void *data, size_t size);

/* How many of the bytes fed so far belong to the header and the empty line behind it; *crlf: how many
 * line ends among them were CRLF. */
uint64_t mail_scan_header(const struct mail_scan *scan, uint64_t *crlf);

/* Ends it and frees it.  `size` is what the message takes on the wire, every line end counted as CRLF
 * (a server's RFC822.SIZE; a body knows it).  print->size is that size; print->head the SHA-256 of
 * the header with LF line ends, up to and without the empty line, its last line ended where it is
 * not.  Both leave out the noise: header lines that other programs add or change when they store or copy a
 * message (X-TUID, Content-Length, Lines, Status, X-Status).  `print` and `fields` may be NULL: then that is
 * not worked out. */
void mail_scan_end(struct mail_scan *scan, uint64_t size, struct print *print,
		   struct mail_fields *fields);

#define MAIL_HEADER_MOST ((size_t)1 << 20)

/* Can a message that a server says has `claimed` bytes be the one of a print with this size?  It may hold
 * noise that the print leaves out. */
bool mail_size_close(uint64_t print, uint64_t claimed);

/* The most noise that is thought of when only sizes are known. */
#define MAIL_NOISE_SIZE ((uint64_t)128)

#endif
