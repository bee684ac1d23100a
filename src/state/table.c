/* The tables, and what can be done with a record knowing only its table. */
#include "state/table.h"

#include "base/arena.h"

#include <string.h>

static const char *const kind_words[] = {
	[KIND_MAIL] = "mail",
	[KIND_EVENTS] = "events",
	[KIND_TASKS] = "tasks",
	[KIND_CONTACTS] = "contacts",
	[KIND_NOTES] = "notes",
	NULL
};
static const char *const mode_words[] = {
	[MODE_FULL] = "full", [MODE_TEXT] = "text", [MODE_OFF] = "off", NULL
};
static const char *const side_words[] = { [SERVER] = "server", [LOCAL] = "local", NULL };
static const char *const why_words[] = {
	[PENDING_HELD] = "held",
	[PENDING_SET_ASIDE] = "set-aside",
	[PENDING_RACED] = "raced",
	[PENDING_DIRECTION] = "direction",
	[PENDING_SCOPE] = "scope",
	NULL
};
static const char *const verb_words[] = {
	[INTENT_APPEND] = "append", [INTENT_COPY] = "copy", [INTENT_MOVE] = "move", NULL
};

#define AT(record, member) .offset = offsetof(struct record, member)

/* Bits of field.unique. */
#define KEY_FIRST  1u
#define KEY_SECOND 2u

static const struct field folder_fields[] = {
	{ "id", FIELD_ID, AT(state_folder, id) },
	{ "kind", FIELD_WORD, AT(state_folder, kind), .words = kind_words },
	{ "path", FIELD_FILLED, AT(state_folder, path), .unique = KEY_FIRST },
	{ "server_name", FIELD_TEXT, AT(state_folder, name[SERVER]) },
	{ "local_name", FIELD_TEXT, AT(state_folder, name[LOCAL]) },
	{ "server_cursor", FIELD_FILLED, AT(state_folder, cursor[SERVER]) },
	{ "local_cursor", FIELD_FILLED, AT(state_folder, cursor[LOCAL]) },
	{ "server_identity", FIELD_FILLED, AT(state_folder, identity[SERVER]) },
	{ "local_identity", FIELD_FILLED, AT(state_folder, identity[LOCAL]) },
	{ "roles", FIELD_U32, AT(state_folder, roles) },
	{ "mode", FIELD_WORD, AT(state_folder, mode), .words = mode_words },
	{ "title", FIELD_TEXT, AT(state_folder, title) },
	{ "color", FIELD_TEXT, AT(state_folder, color) },
	{ "lasting", FIELD_SPARSE, AT(state_folder, lasting) },
};

static const struct field row_fields[] = {
	{ "id", FIELD_ID, AT(row, id) },
	{ "folder", FIELD_LINK, AT(row, folder), .links = TABLE_FOLDER, .follows = true,
	  .unique = KEY_FIRST | KEY_SECOND },
	{ "key", FIELD_TEXT, AT(row, key), .indexed = true },
	{ "server_ref", FIELD_TEXT, AT(row, side[SERVER].ref), .unique = KEY_FIRST },
	{ "server_revision", FIELD_FILLED, AT(row, side[SERVER].revision) },
	{ "server_digest", FIELD_DIGEST, AT(row, side[SERVER].digest) },
	{ "server_flags", FIELD_U32, AT(row, side[SERVER].flags.bits) },
	{ "server_keywords", FIELD_SPARSE, AT(row, side[SERVER].flags.keywords) },
	{ "local_ref", FIELD_TEXT, AT(row, side[LOCAL].ref), .unique = KEY_SECOND },
	{ "local_revision", FIELD_FILLED, AT(row, side[LOCAL].revision) },
	{ "local_digest", FIELD_DIGEST, AT(row, side[LOCAL].digest), .indexed = true },
	{ "local_flags", FIELD_U32, AT(row, side[LOCAL].flags.bits) },
	{ "local_keywords", FIELD_SPARSE, AT(row, side[LOCAL].flags.keywords) },
	{ "size", FIELD_U64, AT(row, print.size) },
	{ "head", FIELD_DIGEST, AT(row, print.head), .indexed = true },
	{ "date", FIELD_I64, AT(row, date), .indexed = true },
	{ "marks", FIELD_U32, AT(row, marks), .indexed = true },
	{ "message_id", FIELD_TEXT, AT(row, message_id) },
	{ "subject", FIELD_TEXT, AT(row, subject) },
	{ "sender", FIELD_TEXT, AT(row, from) },
	{ "sent", FIELD_I64, AT(row, sent) },
	{ "normal", FIELD_DIGEST, AT(row, normal) },
	{ "lasting", FIELD_SPARSE, AT(row, lasting) },
};

static const struct field base_fields[] = {
	{ "row", FIELD_LINK, AT(base_record, row), .links = TABLE_ROW, .follows = true, .unique = KEY_FIRST },
	{ "fields", FIELD_FILLED, AT(base_record, fields) },
	{ "bytes", FIELD_BLOB, AT(base_record, bytes) },
};

static const struct field pending_fields[] = {
	{ "folder", FIELD_LINK, AT(pending, folder), .links = TABLE_FOLDER, .follows = true,
	  .unique = KEY_FIRST },
	{ "side", FIELD_WORD, AT(pending, side), .words = side_words, .unique = KEY_FIRST },
	{ "ref", FIELD_FILLED, AT(pending, ref), .unique = KEY_FIRST },
	{ "why", FIELD_WORD, AT(pending, why), .words = why_words },
	{ "text", FIELD_FILLED, AT(pending, text) },
	{ "tries", FIELD_U32, AT(pending, tries) },
	{ "next", FIELD_I64, AT(pending, next) },
	{ "revision", FIELD_FILLED, AT(pending, revision) },
};

static const struct field intent_fields[] = {
	{ "id", FIELD_ID, AT(intent, id) },
	{ "verb", FIELD_WORD, AT(intent, verb), .words = verb_words },
	{ "from_folder", FIELD_LINK, AT(intent, folder), .links = TABLE_FOLDER },
	{ "to_folder", FIELD_LINK, AT(intent, to), .links = TABLE_FOLDER, .follows = true },
	{ "from_ref", FIELD_TEXT, AT(intent, from_ref) },
	{ "epoch", FIELD_FILLED, AT(intent, epoch) },
	{ "next", FIELD_FILLED, AT(intent, next) },
	{ "local_ref", FIELD_TEXT, AT(intent, local_ref) },
	{ "row", FIELD_LINK, AT(intent, row), .links = TABLE_ROW },
	{ "size", FIELD_U64, AT(intent, print.size) },
	{ "head", FIELD_DIGEST, AT(intent, print.head) },
	{ "message_id", FIELD_TEXT, AT(intent, message_id) },
	{ "flags", FIELD_U32, AT(intent, flags.bits) },
	{ "keywords", FIELD_SPARSE, AT(intent, flags.keywords) },
	{ "tries", FIELD_U32, AT(intent, tries) },
};

static const struct field vault_fields[] = {
	{ "id", FIELD_ID, AT(vaulted, id) },
	{ "run", FIELD_I64, AT(vaulted, run) },
	{ "folder", FIELD_FILLED, AT(vaulted, folder) },
	{ "name", FIELD_FILLED, AT(vaulted, name) },
	{ "path", FIELD_FILLED, AT(vaulted, path) },
	{ "at", FIELD_I64, AT(vaulted, when) },
	{ "why", FIELD_FILLED, AT(vaulted, why) },
};

static const struct field conflict_fields[] = {
	{ "id", FIELD_ID, AT(conflict, id) },
	{ "run", FIELD_I64, AT(conflict, run) },
	{ "at", FIELD_I64, AT(conflict, when) },
	{ "kind", FIELD_WORD, AT(conflict, kind), .words = kind_words },
	{ "folder", FIELD_FILLED, AT(conflict, folder), .indexed = true },
	{ "item", FIELD_FILLED, AT(conflict, item) },
	{ "key", FIELD_TEXT, AT(conflict, key) },
	{ "path", FIELD_TEXT, AT(conflict, path), .indexed = true },
	{ "name", FIELD_TEXT, AT(conflict, name), .indexed = true },
	{ "why", FIELD_FILLED, AT(conflict, why) },
	{ "server_revision", FIELD_FILLED, AT(conflict, revision[SERVER]) },
	{ "local_revision", FIELD_FILLED, AT(conflict, revision[LOCAL]) },
	{ "digest", FIELD_DIGEST, AT(conflict, digest) },
	{ "announced", FIELD_BOOL, AT(conflict, announced) },
};

static const struct field conflict_base_fields[] = {
	{ "conflict", FIELD_LINK, AT(conflict_base_record, conflict), .links = TABLE_CONFLICT,
	  .follows = true, .unique = KEY_FIRST },
	{ "bytes", FIELD_BLOB, AT(conflict_base_record, bytes) },
};

static const struct field run_fields[] = {
	{ "id", FIELD_ID, AT(state_run, id) },
	{ "began", FIELD_I64, AT(state_run, began) },
	{ "ended", FIELD_I64, AT(state_run, ended) },
	{ "status", FIELD_INT, AT(state_run, status) },
	{ "summary", FIELD_FILLED, AT(state_run, summary) },
};

static const struct field history_fields[] = {
	{ "id", FIELD_ID, AT(history_record, id) },
	{ "run", FIELD_LINK, AT(history_record, history.run), .links = TABLE_RUN, .follows = true,
	  .indexed = true },
	{ "folder", FIELD_FILLED, AT(history_record, history.folder) },
	{ "item", FIELD_FILLED, AT(history_record, history.item) },
	{ "text", FIELD_FILLED, AT(history_record, history.text) },
};

static const struct field memo_fields[] = {
	{ "name", FIELD_FILLED, AT(memo, name), .unique = KEY_FIRST },
	{ "value", FIELD_FILLED, AT(memo, value) },
};

#define TABLE(name, record, fields) \
	{ name, sizeof(struct record), fields, sizeof(fields) / sizeof((fields)[0]) }

const struct table tables[TABLES] = {
	[TABLE_FOLDER] = TABLE("folder", state_folder, folder_fields),
	[TABLE_ROW] = TABLE("row", row, row_fields),
	[TABLE_BASE] = TABLE("base", base_record, base_fields),
	[TABLE_PENDING] = TABLE("pending", pending, pending_fields),
	[TABLE_INTENT] = TABLE("intent", intent, intent_fields),
	[TABLE_VAULT] = TABLE("vault", vaulted, vault_fields),
	[TABLE_CONFLICT] = TABLE("conflict", conflict, conflict_fields),
	[TABLE_CONFLICT_BASE] = TABLE("conflict_base", conflict_base_record, conflict_base_fields),
	[TABLE_RUN] = TABLE("run", state_run, run_fields),
	[TABLE_HISTORY] = TABLE("history", history_record, history_fields),
	[TABLE_MEMO] = TABLE("memo", memo, memo_fields),
};

bool field_is_text(const struct field *field)
{
	return field->type == FIELD_TEXT || field->type == FIELD_FILLED ||
	       field->type == FIELD_SPARSE;
}

const char *field_text(const struct field *field, const void *record)
{
	const char *text = *(const char *const *)field_of(field, record);

	if (!text && field->type == FIELD_FILLED)
		return "";
	if (text && !*text && field->type == FIELD_SPARSE)
		return NULL;
	return text;
}

const struct field *table_field(const struct table *table, const char *column)
{
	const struct field *field = table->fields;

	while (strcmp(field->column, column) != 0)
		field++;
	return field;
}

void table_copy(const struct table *table, struct arena *arena, void *to, const void *from)
{
	memcpy(to, from, table->size);
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];

		if (field_is_text(field)) {
			*(const char **)field_in(field, to) =
				arena_str(arena, field_text(field, from));
		} else if (field->type == FIELD_BLOB) {
			struct blob *blob = field_in(field, to);

			blob->data = arena_strn(arena, blob->data, blob->size);
		}
	}
}
