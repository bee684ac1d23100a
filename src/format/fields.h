/* Fields: the JSON object with what the views of dav.db show of an item (koc-state(5), table base). */
#ifndef KOC_FORMAT_FIELDS_H
#define KOC_FORMAT_FIELDS_H

#include "base/buf.h"
#include "base/json.h"
#include "format/moment.h"

#define FIELDS_TEXT_MOST ((size_t)1000) /* bytes of one text */
#define FIELDS_WORD_MOST ((size_t)64)   /* bytes of one word */
#define FIELDS_LIST_MOST 50             /* texts in one list, */
#define FIELDS_ITEM_MOST ((size_t)200)  /* and bytes of each */

struct fields {
	struct buf text;
	struct json json;
	size_t listed; /* texts in the list that is open */
};

void fields_begin(struct fields *fields);

/* Ends the object; the caller frees it.  "{}" if it came out too large. */
char *fields_end(struct fields *fields);

/* What follows adds a member, if there is anything in it. */

/* A text for people (fields_clean). */
void fields_text(struct fields *fields, const char *key, struct slice value);
/* One of a few words, in small letters. */
void fields_word(struct fields *fields, const char *key, struct slice value);
/* A whole number from 0 to `most`; anything else is none. */
void fields_number(struct fields *fields, const char *key, struct slice value, unsigned most);
void fields_count(struct fields *fields, const char *key, size_t count);
void fields_true(struct fields *fields, const char *key, bool value);
void fields_moment(struct fields *fields, const char *key, struct moment moment);

/* A list of texts: open, any number of texts, close. */
void fields_list(struct fields *fields, const char *key);
void fields_list_text(struct fields *fields, struct slice value);
void fields_list_end(struct fields *fields);

/* The value without its escapes, as one line of UTF-8 of at most `most` bytes, without control
 * characters; NULL if nothing is left.  The caller frees it. */
char *fields_clean(struct slice value, size_t most);

#endif
