/* Cursor: what a listing took in, as text. */
#include "store/imap/cursor.h"

#include "base/arena.h"
#include "base/str.h"

#include <inttypes.h>
#include <string.h>

#define CURSOR_FORM   1
#define CURSOR_FIELDS 5

bool cursor_parse(const char *text, struct cursor *cursor)
{
	uint64_t fields[CURSOR_FIELDS];

	if (!text)
		return false;
	for (int i = 0; i < CURSOR_FIELDS; i++) {
		size_t size = strcspn(text, " ");
		char digits[24];

		if (size >= sizeof digits || (text[size] == ' ') != (i < CURSOR_FIELDS - 1))
			return false;
		memcpy(digits, text, size);
		digits[size] = '\0';
		if (!str_u64(digits, &fields[i]))
			return false;
		text += size + 1;
	}
	if (fields[0] != CURSOR_FORM || fields[1] == 0 || fields[1] > UINT32_MAX ||
	    fields[2] == 0 || fields[2] > (uint64_t)UINT32_MAX + 1)
		return false;
	cursor->validity = (uint32_t)fields[1];
	cursor->next = fields[2];
	cursor->messages = fields[3];
	cursor->modseq = fields[4];
	return true;
}

const char *cursor_text(struct arena *arena, const struct cursor *cursor)
{
	return arena_printf(arena, "%d %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64, CURSOR_FORM,
			    cursor->validity, cursor->next, cursor->messages, cursor->modseq);
}

bool cursor_follows(const struct cursor *then, const struct cursor *now)
{
	return then->validity == now->validity && then->next <= now->next &&
	       (then->modseq == 0 || now->modseq == 0 || then->modseq <= now->modseq);
}

bool cursor_same(const struct cursor *then, const struct cursor *now)
{
	return then->validity == now->validity && then->next == now->next &&
	       then->messages == now->messages && then->modseq == now->modseq && now->modseq != 0;
}
