/* Item: the facts of an event, task, note or contact. */
#include "format/item.h"

#include <stdlib.h>
#include <string.h>

void item_read(const char *data, size_t size, bool card, struct item_facts *facts)
{
	(void)card;
	memset(facts, 0, sizeof *facts);
	facts->normal = digest_of(data, size);
	facts->fields = strdup("{}");
}

void item_facts_free(struct item_facts *facts)
{
	free(facts->uid);
	free(facts->summary);
	free(facts->fields);
	memset(facts, 0, sizeof *facts);
}
