/* State in SQLite: the schema is made, checked and upgraded. */
#include "state/sqlite.h"

#include <stdio.h>

static const char schema[] =
#include "schema.h"
	;
static const char views[] =
#include "views.h"
	;
static const char upgrade_1[] =
#include "upgrade_1.h"
	;
static const char upgrade_2[] =
#include "upgrade_2.h"
	;
static const char upgrade_3[] =
#include "upgrade_3.h"
	;
static const char upgrade_4[] =
#include "upgrade_4.h"
	;
static const char upgrade_5[] =
#include "upgrade_5.h"
	;

/* As in schema.sql. */
#define SCHEMA_APPLICATION 1802461998
#define SCHEMA_VERSION     6

/* What makes the next version's tables of those of version i. */
static const char *const upgrades[SCHEMA_VERSION] = {
	[1] = upgrade_1, [2] = upgrade_2, [3] = upgrade_3, [4] = upgrade_4,
	[5] = upgrade_5
};

static const struct fail *number_ask(struct sqlite *sqlite, const char *sql, int *number)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL);

	*number = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		*number = sqlite3_column_int(statement, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	return code == SQLITE_OK ? NULL : sqlite_fail(sqlite, code);
}

/* Fills an empty database, unless another process (koc status beside the first sync) does so just
 * now: this one then waits for it and finds its tables. */
static const struct fail *schema_make(struct sqlite *sqlite)
{
	const struct fail *f = state_begin(&sqlite->state);
	int application = 0, objects = 0;

	if (!f)
		f = number_ask(sqlite, "PRAGMA application_id", &application);
	if (!f)
		f = number_ask(sqlite, "SELECT count(*) FROM sqlite_schema", &objects);
	if (!f && objects && application != SCHEMA_APPLICATION)
		f = sqlite_unusable(sqlite, "is another program's database:");
	if (!f && !objects)
		f = sqlite_execute(sqlite, schema);
	if (!f && !objects)
		f = sqlite_execute(sqlite, views);
	if (!f && !objects)
		return state_commit(&sqlite->state);
	state_rollback(&sqlite->state);
	return f;
}

static const struct fail *identity_ask(struct sqlite *sqlite, int *application, int *version)
{
	const struct fail *f = number_ask(sqlite, "PRAGMA application_id", application);

	*version = 0;
	return f ? f : number_ask(sqlite, "PRAGMA user_version", version);
}

/* Brings the schema up to date in one transaction, unless another process did so just now. */
static const struct fail *schema_upgrade(struct sqlite *sqlite, int *version)
{
	const struct fail *f = state_begin(&sqlite->state);

	if (!f)
		f = number_ask(sqlite, "PRAGMA user_version", version);
	for (int from = *version; !f && from < SCHEMA_VERSION; from++)
		f = sqlite_execute(sqlite, upgrades[from]);
	if (!f)
		f = sqlite_execute(sqlite, views);
	if (!f)
		f = number_ask(sqlite, "PRAGMA user_version", version);
	if (!f)
		return state_commit(&sqlite->state);
	state_rollback(&sqlite->state);
	return f;
}

/* Nothing is written before it is known whose database this is. */
const struct fail *sqlite_schema(struct sqlite *sqlite)
{
	int application, version;
	const struct fail *f = identity_ask(sqlite, &application, &version);
	char text[128];

	if (!f && (!application || !version)) {
		f = schema_make(sqlite);
		if (!f)
			f = identity_ask(sqlite, &application, &version);
	}
	if (f)
		return f;
	if (application != SCHEMA_APPLICATION)
		return sqlite_unusable(sqlite, "is another program's database:");
	if (version > 0 && version < SCHEMA_VERSION)
		f = schema_upgrade(sqlite, &version);
	if (!f && version != SCHEMA_VERSION) {
		snprintf(text, sizeof text,
			 "is a newer koc's (schema %d, this one knows %d): use that koc, or",
			 version, SCHEMA_VERSION);
		return sqlite_unusable(sqlite, text);
	}
	return f;
}
