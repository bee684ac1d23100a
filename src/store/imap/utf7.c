/* Modified UTF-7: "&" begins base64 (with "," for "/") of UTF-16, "-" ends it; "&-" is an
 * ampersand. */
#include "store/imap/utf7.h"

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* ---- encoding ------------------------------------------------------------------------------ */

/* Bits on their way into base64. */
struct bits {
	struct buf *out;
	uint32_t held;
	unsigned count;
};

static void unit_put(struct bits *bits, uint32_t unit)
{
	bits->held = bits->held << 16 | unit;
	bits->count += 16;
	while (bits->count >= 6) {
		bits->count -= 6;
		buf_addc(bits->out, digits[bits->held >> bits->count & 63]);
	}
	bits->held &= (1u << bits->count) - 1;
}

static void bits_end(struct bits *bits)
{
	if (bits->count)
		buf_addc(bits->out, digits[bits->held << (6 - bits->count) & 63]);
	buf_addc(bits->out, '-');
	bits->held = bits->count = 0;
}

/* The character at *p, which is valid UTF-8 and ends with a NUL; moves behind it. */
static uint32_t character(const unsigned char **p)
{
	const unsigned char *at = *p;
	unsigned more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;
	uint32_t value = more ? *at & (0x3fu >> more) : *at;

	for (at++; more; more--)
		value = value << 6 | (*at++ & 0x3f);
	*p = at;
	return value;
}

bool utf7_encode(struct buf *out, const char *utf8)
{
	const unsigned char *p = (const unsigned char *)utf8;

	if (!str_utf8(utf8, strlen(utf8)))
		return false;
	while (*p) {
		struct bits bits = { .out = out };

		if (*p == '&') {
			buf_adds(out, "&-");
			p++;
		} else if (*p >= 0x20 && *p <= 0x7e) {
			buf_addc(out, (char)*p++);
		} else {
			buf_addc(out, '&');
			while (*p && (*p < 0x20 || *p > 0x7e)) {
				uint32_t value = character(&p);

				if (value >= 0x10000) {
					unit_put(&bits, 0xd800 + ((value - 0x10000) >> 10));
					value = 0xdc00 + ((value - 0x10000) & 0x3ff);
				}
				unit_put(&bits, value);
			}
			bits_end(&bits);
		}
	}
	return !out->over;
}

/* ---- decoding ------------------------------------------------------------------------------ */

static void character_put(struct buf *out, uint32_t value)
{
	if (value < 0x80) {
		buf_addc(out, (char)value);
	} else if (value < 0x800) {
		buf_addc(out, (char)(0xc0 | value >> 6));
		buf_addc(out, (char)(0x80 | (value & 0x3f)));
	} else if (value < 0x10000) {
		buf_addc(out, (char)(0xe0 | value >> 12));
		buf_addc(out, (char)(0x80 | (value >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (value & 0x3f)));
	} else {
		buf_addc(out, (char)(0xf0 | value >> 18));
		buf_addc(out, (char)(0x80 | (value >> 12 & 0x3f)));
		buf_addc(out, (char)(0x80 | (value >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (value & 0x3f)));
	}
}

/* Decodes from behind "&" to behind "-"; NULL if it is no base64 of UTF-16. */
static const char *shifted(struct buf *out, const char *p)
{
	uint32_t held = 0, high = 0;
	unsigned count = 0;

	for (; *p && *p != '-'; p++) {
		const char *digit = strchr(digits, *p);
		uint32_t unit;

		if (!digit)
			return NULL;
		held = held << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		unit = held >> count & 0xffff;
		held &= (1u << count) - 1;
		if (unit >= 0xd800 && unit < 0xdc00 && !high) {
			high = unit;
		} else if (unit >= 0xdc00 && unit < 0xe000 && high) {
			character_put(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
			high = 0;
		} else if (high || (unit >= 0xd800 && unit < 0xe000) || unit == 0) {
			return NULL;
		} else {
			character_put(out, unit);
		}
	}
	return *p == '-' && !high ? p + 1 : NULL;
}

bool utf7_decode(struct buf *out, const char *name)
{
	size_t begin = out->size;
	struct buf again;
	bool same;

	for (const char *p = name; p && *p;) {
		if (*p != '&') {
			buf_addc(out, *p++);
		} else if (p[1] == '-') {
			buf_addc(out, '&');
			p += 2;
		} else {
			p = shifted(out, p + 1);
			if (!p)
				return false;
		}
	}
	buf_init(&again, 3 * out->limit);
	same = !out->over && utf7_encode(&again, out->data + begin) &&
	       strcmp(again.data, name) == 0;
	buf_free(&again);
	return same;
}
