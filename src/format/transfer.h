/* Transfer: Content-Transfer-Encoding (RFC 2045 6) taken off, piece by piece. */
#ifndef KOC_FORMAT_TRANSFER_H
#define KOC_FORMAT_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

struct buf;

enum transfer {
	TRANSFER_NONE, /* 7bit, 8bit, binary: bytes as they are */
	TRANSFER_BASE64,
	TRANSFER_QUOTED,
	TRANSFER_UNKNOWN /* anything else: passed as it is, and of no use */
};

/* The encoding of this name in any case of letters; NULL is 7bit. */
enum transfer transfer_of(const char *name);

/* How many bytes so many encoded ones are, as near as that can be told. */
uint64_t transfer_size(enum transfer how, uint64_t octets);

#define TRANSFER_HELD 80

/* One decoding; all zero but for `how` to begin with. */
struct transfer_run {
	enum transfer how;
	unsigned bits, bit_count; /* base64: of a byte that is not complete */
	char held[TRANSFER_HELD]; /* quoted: an escape, or blanks that may end a line */
	size_t held_size;
};

/* Appends what the next bytes decode to.  Nothing is refused: base64 passes over what is none, and
 * goes on behind padding; quoted-printable leaves a wrong escape as it stands. */
void transfer_add(struct transfer_run *run, const char *data, size_t size, struct buf *out);

/* Appends what was held back. */
void transfer_end(struct transfer_run *run, struct buf *out);

#endif
