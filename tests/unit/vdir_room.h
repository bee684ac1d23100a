/* What the tests of the vdir driver share. */
#ifndef KOC_TESTS_VDIR_ROOM_H
#define KOC_TESTS_VDIR_ROOM_H

#include "store/vdir/collection.h"
#include "store/vdir/vdir.h"

#define ROOM_OPEN vdir_open
#define ROOM_FORM BODY_CALENDAR
#include "local_room.h"

/* A collection as another program would make it. */
static inline void room_collection(const struct room *room, const char *path)
{
	char root[64];

	snprintf(root, sizeof root, "%s", path);
	*strchr(root, '/') = '\0';
	mkdirat(room->root, root, 0700);
	room_directory(room, path);
}

/* An event of this UID. */
static inline const char *room_event(const struct room *room, const char *uid, const char *summary)
{
	return arena_printf(room->arena,
			    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//koc//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
			    "DTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nSUMMARY:%s\r\n"
			    "END:VEVENT\r\nEND:VCALENDAR\r\n",
			    uid, summary);
}

#endif
