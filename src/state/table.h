/* Tables: which member of which struct of state.h is kept in which column.  Both implementations
 * are driven by these descriptions, so that a column is written down once here and once in
 * schema.sql. */
#ifndef KOC_STATE_TABLE_H
#define KOC_STATE_TABLE_H

#include "state/state.h"

enum field_type {
	FIELD_ID,     /* int64_t; the record's own number, 0: not stored yet; the struct's first */
	FIELD_LINK,   /* int64_t; the number of a record of the table `links`, 0: none (NULL) */
	FIELD_I64,
	FIELD_U64,
	FIELD_U32,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_WORD,   /* an enum, kept as one of `words` */
	FIELD_TEXT,   /* const char *; NULL stays NULL */
	FIELD_FILLED, /* const char *; NULL becomes "" */
	FIELD_SPARSE, /* const char *; "" becomes NULL */
	FIELD_DIGEST, /* struct digest; one that is not known is NULL */
	FIELD_BLOB    /* struct blob; never NULL */
};

enum table_name {
	TABLE_FOLDER,
	TABLE_ROW,
	TABLE_BASE,
	TABLE_PENDING,
	TABLE_INTENT,
	TABLE_VAULT,
	TABLE_CONFLICT,
	TABLE_CONFLICT_BASE,
	TABLE_RUN,
	TABLE_HISTORY,
	TABLE_MEMO,
	TABLES
};

struct field {
	const char *column;
	enum field_type type;
	size_t offset;            /* of the member */
	const char *const *words; /* FIELD_WORD: by value, NULL behind the last */
	enum table_name links;    /* FIELD_LINK */
	bool follows;             /* FIELD_LINK: never 0, and the record goes with the one it names;
				   * else the link becomes 0 then */
	unsigned unique;          /* set of the unique keys that it is part of, one bit each */
	bool indexed;             /* it is part of an index that is not for uniqueness, or of its condition */
};

struct table {
	const char *name;
	size_t size;              /* of the struct */
	const struct field *fields;
	size_t count;
};

extern const struct table tables[TABLES];

/* The structs that have no place in state.h. */
struct blob {
	const void *data;
	size_t size;
};

struct base_record {
	int64_t row;
	const char *fields;
	struct blob bytes;
};

struct conflict_base_record {
	int64_t conflict;
	struct blob bytes;
};

struct history_record {
	int64_t id;
	struct history history; /* without `when`: that is when its run began */
};

struct memo {
	const char *name, *value;
};

/* Room for one record of any table. */
union record {
	struct state_folder folder;
	struct row row;
	struct base_record base;
	struct pending pending;
	struct intent intent;
	struct vaulted vaulted;
	struct conflict conflict;
	struct conflict_base_record conflict_base;
	struct state_run run;
	struct history_record history;
	struct memo memo;
};

/* Does the table number its records?  One that does not is replaced by its first unique key. */
static inline bool table_numbered(const struct table *table)
{
	return table->fields[0].type == FIELD_ID;
}

static inline const void *field_of(const struct field *field, const void *record)
{
	return (const char *)record + field->offset;
}

static inline void *field_in(const struct field *field, void *record)
{
	return (char *)record + field->offset;
}

/* The number of a record of a numbered table. */
static inline int64_t table_id(const struct table *table, const void *record)
{
	return *(const int64_t *)field_of(&table->fields[0], record);
}

/* Is the field part of any index? */
static inline bool field_indexed(const struct field *field)
{
	return field->unique || field->indexed;
}

/* Does the field hold a string? */
bool field_is_text(const struct field *field);

/* The string in a text field as it is to be kept: FIELD_FILLED and FIELD_SPARSE applied. */
const char *field_text(const struct field *field, const void *record);

/* The field with this column; the table has it. */
const struct field *table_field(const struct table *table, const char *column);

/* Copies the struct, and its strings to the arena. */
void table_copy(const struct table *table, struct arena *arena, void *to, const void *from);

#endif
