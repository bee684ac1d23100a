/* What the tests of the Maildir driver share. */
#ifndef KOC_TESTS_MAILDIR_ROOM_H
#define KOC_TESTS_MAILDIR_ROOM_H

#include "store/maildir/box.h"
#include "store/maildir/maildir.h"

#define ROOM_OPEN maildir_open
#define ROOM_FORM BODY_MAIL
#include "local_room.h"

/* A folder as another program would make it. */
static inline void room_folder(const struct room *room, const char *path)
{
	static const char *const parts[] = { "", "/cur", "/new", "/tmp" };
	char name[1024];

	for (size_t i = 0; i < COUNT(parts); i++) {
		snprintf(name, sizeof name, "%s%s", path, parts[i]);
		room_directory(room, name);
	}
}

#endif
