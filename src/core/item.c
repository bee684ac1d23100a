/* The table of kinds. */
#include "core/item.h"

static const struct kind_traits traits[KINDS] = {
	[KIND_MAIL] = { .root = "mail", .has_flags = true },
	[KIND_EVENTS] = { .root = "calendars", .keyed = true, .server_edits = true },
	[KIND_TASKS] = { .root = "tasks", .keyed = true, .server_edits = true },
	[KIND_CONTACTS] = { .root = "contacts", .keyed = true, .server_edits = true },
	[KIND_NOTES] = { .root = "notes", .keyed = true, .server_edits = true },
};

const struct kind_traits *kind_traits(enum kind kind)
{
	return &traits[kind];
}
