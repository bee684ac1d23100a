/* Transfer: base64 and quoted-printable, as lenient as mail programs are. */
#include "format/transfer.h"

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum transfer transfer_of(const char *name)
{
	static const struct {
		const char *name;
		enum transfer how;
	} names[] = {
		{ "7bit", TRANSFER_NONE },
		{ "8bit", TRANSFER_NONE },
		{ "binary", TRANSFER_NONE },
		{ "base64", TRANSFER_BASE64 },
		{ "quoted-printable", TRANSFER_QUOTED },
	};

	if (!name || !*name)
		return TRANSFER_NONE;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_casecmp(name, names[i].name) == 0)
			return names[i].how;
	return TRANSFER_UNKNOWN;
}

/* base64 has 57 bytes in lines of 76. */
uint64_t transfer_size(enum transfer how, uint64_t octets)
{
	return how == TRANSFER_BASE64 ? octets / 78 * 57 + octets % 78 * 57 / 78 : octets;
}

/* ---- base64 ------------------------------------------------------------------------------- */

/* The value of a digit, 0 to 63; -1: it is none. */
static int digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void add_base64(struct transfer_run *run, const char *data, size_t size, struct buf *out)
{
	char bytes[1024];
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		int digit = digit64(data[i]);

		if (data[i] == '=') {
			/* Some put pieces one behind the other, each with its padding. */
			run->bit_count = 0;
			continue;
		}
		if (digit < 0)
			continue;
		run->bits = (run->bits << 6 | (unsigned)digit) & 0xffff;
		run->bit_count += 6;
		if (run->bit_count < 8)
			continue;
		run->bit_count -= 8;
		bytes[used++] = (char)(run->bits >> run->bit_count & 0xff);
		if (used == sizeof bytes) {
			buf_add(out, bytes, used);
			used = 0;
		}
	}
	buf_add(out, bytes, used);
}

/* ---- quoted-printable --------------------------------------------------------------------- */

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static void give_up(struct transfer_run *run, struct buf *out)
{
	buf_add(out, run->held, run->held_size);
	run->held_size = 0;
}

/* An escape is open: is it complete with this byte?  False: it was none, and the byte is yet to be
 * dealt with. */
static bool escape_take(struct transfer_run *run, char c, struct buf *out)
{
	const char *hex = run->held + 1;
	uint8_t byte;

	/* "=" at a line's end, blanks may follow it: the line goes on. */
	if (run->held_size == 1 || blank(*hex) || *hex == '\r') {
		if (c == '\n') {
			run->held_size = 0;
			return true;
		}
		if (run->held_size < TRANSFER_HELD && (blank(c) || c == '\r')) {
			run->held[run->held_size++] = c;
			return true;
		}
	}
	if (run->held_size == 1) {
		run->held[run->held_size++] = c;
		return true;
	}
	if (run->held_size == 2 && !blank(*hex) && *hex != '\r') {
		char two[3] = { *hex, c, '\0' };

		if (c && str_unhex(&byte, two, 1)) {
			buf_addc(out, (char)byte);
			run->held_size = 0;
			return true;
		}
	}
	give_up(run, out);
	return false;
}

/* Blanks are held, perhaps with a CR behind them: those at a line's end were added on the way (RFC 2045
 * 6.7 rule 3).  False: the byte is yet to be dealt with. */
static bool blanks_take(struct transfer_run *run, char c, struct buf *out)
{
	bool cr = run->held[run->held_size - 1] == '\r';

	if (blank(c) && !cr)
		return false; /* one more */
	if (c == '\r' && !cr && run->held_size < TRANSFER_HELD) {
		run->held[run->held_size++] = c;
		return true;
	}
	if (c == '\n' && cr)
		buf_addc(out, '\r');
	else if (c != '\n')
		give_up(run, out);
	run->held_size = 0;
	return false;
}

static void add_quoted(struct transfer_run *run, const char *data, size_t size, struct buf *out)
{
	for (size_t i = 0; i < size; i++) {
		char c = data[i];

		if (run->held_size && run->held[0] == '=' && escape_take(run, c, out))
			continue;
		if (run->held_size && blanks_take(run, c, out))
			continue;
		if (c == '=' || blank(c)) {
			if (run->held_size == TRANSFER_HELD)
				give_up(run, out);
			run->held[run->held_size++] = c;
		} else {
			buf_addc(out, c);
		}
	}
}

/* ---- both --------------------------------------------------------------------------------- */

void transfer_add(struct transfer_run *run, const char *data, size_t size, struct buf *out)
{
	switch (run->how) {
	case TRANSFER_BASE64:
		add_base64(run, data, size, out);
		break;
	case TRANSFER_QUOTED:
		add_quoted(run, data, size, out);
		break;
	case TRANSFER_NONE:
	case TRANSFER_UNKNOWN:
		buf_add(out, data, size);
		break;
	}
}

void transfer_end(struct transfer_run *run, struct buf *out)
{
	/* "=" at the very end: the line would have gone on.  Blanks there end a line. */
	if (run->held_size && run->held[0] == '=' && run->held_size > 1 && !blank(run->held[1]) &&
	    run->held[1] != '\r')
		give_up(run, out);
	run->held_size = 0;
}
