/* Since: the cursor as text.  Tokens and ctags are any text: what is not plain in them is percent-encoded. */
#include "store/dav/since.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/str.h"

#include <inttypes.h>
#include <string.h>

#define SINCE_HEAD "2 "
#define SINCE_MOST 16384
#define FULL_AFTER ((int64_t)7 * 86400) /* all is listed that often */
#define WHERE_SIZE 16                   /* hexadecimal digits of the collection's hash */

static void where_text(const char *where, char out[2 * DIGEST_SIZE + 1])
{
	struct digest digest = digest_of(where, strlen(where));

	str_hex(out, digest.bytes, DIGEST_SIZE);
	out[WHERE_SIZE] = '\0';
}

static void word_add(struct buf *out, const char *text)
{
	buf_addc(out, ' ');
	for (const char *p = text; *p; p++) {
		unsigned char byte = (unsigned char)*p;

		if (byte <= ' ' || byte >= 0x7f || byte == '%')
			buf_addf(out, "%%%02x", byte);
		else
			buf_addc(out, *p);
	}
}

const char *since_text(struct arena *arena, const char *where, const struct since *since)
{
	char hash[2 * DIGEST_SIZE + 1];
	const char *text;
	struct buf out;

	where_text(where, hash);
	buf_init(&out, SINCE_MOST);
	buf_adds(&out, SINCE_HEAD);
	buf_adds(&out, hash);
	word_add(&out, since->token ? since->token : "");
	word_add(&out, since->ctag ? since->ctag : "");
	buf_addf(&out, " %" PRId64, since->full);
	text = out.over ? "" : arena_str(arena, out.data);
	buf_free(&out);
	return text;
}

/* Takes the word at *p, up to a space or the end, and moves *p behind it.  NULL: malformed. */
static const char *word_parse(struct arena *arena, const char **p)
{
	size_t size = strcspn(*p, " ");
	char *word = arena_strn(arena, *p, size), *to = word;

	for (const char *from = word; *from; to++) {
		uint8_t byte = (uint8_t)*from;
		char digits[3] = "";

		if (byte == '%') {
			memcpy(digits, from + 1, strnlen(from + 1, 2));
			if (!str_unhex(&byte, digits, 1) || !byte)
				return NULL;
			from += 2;
		}
		*to = (char)byte;
		from++;
	}
	*to = '\0';
	*p += size;
	return word;
}

bool since_parse(struct arena *arena, const char *text, const char *where, struct since *since)
{
	char hash[2 * DIGEST_SIZE + 1];
	const char *p = text;
	uint64_t full = 0;

	*since = (struct since){ "", "", 0 };
	where_text(where, hash);
	if (!text || strlen(text) > SINCE_MOST || !str_starts(text, SINCE_HEAD))
		return false;
	p += strlen(SINCE_HEAD);
	if (!str_starts(p, hash) || p[WHERE_SIZE] != ' ')
		return false;
	p += WHERE_SIZE + 1;
	since->token = word_parse(arena, &p);
	since->ctag = since->token && *p++ == ' ' ? word_parse(arena, &p) : NULL;
	if (since->ctag && *p == ' ' && str_u64(p + 1, &full) && full <= INT64_MAX / 2) {
		since->full = (int64_t)full;
		return true;
	}
	*since = (struct since){ "", "", 0 };
	return false;
}

bool since_is_old(const struct since *since, int64_t now)
{
	return since->full + FULL_AFTER <= now || since->full > now;
}
