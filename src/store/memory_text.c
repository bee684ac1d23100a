/* The memory store: text forms (see memory.h). */
#include "store/memory_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* The attachment of a message that has one. */
#define ATTACHED "\n--part\nContent-Type: application/octet-stream\n\n"

/* The stub in its place: like a real one as far as format/textform.h looks. */
static void stub_write(struct buf *out, const struct memory_item *item,
		       const char *identity, const struct digest *head)
{
	unsigned long validity = strtoul(identity, NULL, 10);
	char hex[2 * DIGEST_SIZE + 1];

	str_hex(hex, head->bytes, DIGEST_SIZE);
	buf_addf(out, "\n--part\nContent-Type: message/external-body; access-type=\"x-memory\"\n");
	buf_addf(out, "X-Koc-Part: %s %lu %lu 2 %s\n\n", MEMORY_ACCOUNT, validity ? validity : 1,
		 strtoul(item->ref, NULL, 10), hex);
	buf_addf(out, "Content-Type: application/octet-stream\n\n--part--\n");
}

bool memory_text(struct memory *memory, const struct memory_item *item,
		 const char *identity, struct buf *out)
{
	const struct memory_body *plain = item->body->plain;
	const char *attached = strstr(plain->data, ATTACHED);
	const char *message_id = NULL;
	struct print print;

	if (!attached || strstr(plain->data, "X-Koc-Part") ||
	    !world_print(memory->world, item->body, &print, &message_id))
		return false;
	buf_add(out, plain->data, (size_t)(attached - plain->data));
	stub_write(out, item, identity, &print.head);
	return true;
}
