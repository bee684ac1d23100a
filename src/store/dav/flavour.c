/* Flavour: calendars and address books. */
#include "store/dav/flavour.h"

#include "net/xml.h"

#include <stddef.h>

static const char *const calendar_types[] = { "text/calendar", "text/x-vcalendar", "application/ics",
					      "application/calendar", NULL };
static const char *const book_types[] = { "text/vcard", "text/x-vcard", "text/directory", "text/x-directory",
					  NULL };

static const struct flavour_traits table[FLAVOURS] = {
	[CALENDAR] = {
		.word = "calendar",
		.space = XML_CALDAV,
		.type = "calendar",
		.multiget = "calendar-multiget",
		.multiget_depth = "Depth: 1",
		.data = "calendar-data",
		.data_wanted = "<F:calendar-data/>",
		.data_wanted4 = "<F:calendar-data/>",
		.size_most = "max-resource-size",
		.mime = "text/calendar; charset=utf-8",
		.accept = "text/calendar",
		.accept4 = "text/calendar",
		.suffix = ".ics",
		.types = calendar_types,
	},
	[BOOK] = {
		.word = "book",
		.space = XML_CARDDAV,
		.type = "addressbook",
		.multiget = "addressbook-multiget",
		.multiget_depth = "Depth: 0",
		.data = "address-data",
		.data_wanted = "<F:address-data/>",
		/* QUIRK(cyrus): without it a card of version 4.0 comes back as 3.0, rewritten. */
		.data_wanted4 = "<F:address-data content-type=\"text/vcard\" version=\"4.0\"/>",
		.size_most = "max-resource-size",
		.mime = "text/vcard; charset=utf-8",
		.accept = "text/vcard",
		.accept4 = "text/vcard; version=4.0, text/vcard",
		.suffix = ".vcf",
		.types = book_types,
	},
};

const struct flavour_traits *flavour_traits(enum flavour flavour)
{
	return &table[flavour];
}

enum flavour flavour_of(enum kind kind)
{
	return kind == KIND_CONTACTS ? BOOK : CALENDAR;
}

enum kind flavour_kind(enum flavour flavour, unsigned components, bool told)
{
	if (flavour == BOOK)
		return KIND_CONTACTS;
	if (!told || components & TAKES_EVENTS)
		return KIND_EVENTS;
	if (components == TAKES_NOTES)
		return KIND_NOTES;
	return components ? KIND_TASKS : KIND_EVENTS;
}

const char *flavour_component(enum kind kind)
{
	switch (kind) {
	case KIND_EVENTS:
		return "VEVENT";
	case KIND_TASKS:
		return "VTODO";
	case KIND_NOTES:
		return "VJOURNAL";
	case KIND_CONTACTS:
	case KIND_MAIL:
	case KINDS:
		break;
	}
	return NULL;
}
