/* Another program that looks into the state: SQLite without koc. */
#ifndef KOC_TESTS_STATE_SHELL_H
#define KOC_TESTS_STATE_SHELL_H

#include "unit/state_room.h"

#include <sqlite3.h>

static inline const char *path_in(struct room *room, const char *name)
{
	return arena_printf(room->arena, "%s/%s", room->path, name);
}

/* Another program's connection. */
static inline sqlite3 *other_open(struct room *room, const char *name)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path_in(room, name), &db), SQLITE_OK);
	return db;
}

/* What the shell prints: columns separated by |, lines by newlines. */
static inline const char *other_ask(sqlite3 *db, const char *sql)
{
	static char text[32768];
	sqlite3_stmt *statement = NULL;

	text[0] = '\0';
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(statement) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const char *value = (const char *)sqlite3_column_text(statement, i);

			text_add(text, sizeof text, i ? "|" : "");
			text_add(text, sizeof text, value ? value : "");
		}
		text_add(text, sizeof text, "\n");
	}
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	return text;
}

#endif
