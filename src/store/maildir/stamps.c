/* Stamps: the cursor that is made of them. */
#include "store/maildir/stamps.h"

#include <stdio.h>
#include <string.h>

/* The first word of every cursor: a later koc that means something else by it changes the number.
 */
#define CURSOR_TAG "maildir1"
#define STAMP_TEXT 96

static void stamp_text(char out[STAMP_TEXT], const struct stamp *stamp)
{
	if (!stamp->inode)
		snprintf(out, STAMP_TEXT, "-");
	else
		snprintf(out, STAMP_TEXT, "%llx:%llx.%lx:%llx.%lx",
			 (unsigned long long)stamp->inode,
			 (unsigned long long)stamp->modified.tv_sec,
			 (unsigned long)stamp->modified.tv_nsec,
			 (unsigned long long)stamp->changed.tv_sec,
			 (unsigned long)stamp->changed.tv_nsec);
}

void stamps_text(char out[STAMPS_TEXT], const struct stamps *stamps, struct timespec touched)
{
	const struct stamp *each[] = { &stamps->cur, &stamps->new, &stamps->table };
	char text[3][STAMP_TEXT];

	for (size_t i = 0; i < 3; i++) {
		stamp_text(text[i], each[i]);
		if (!stamp_trusted(each[i], touched))
			snprintf(text[i], STAMP_TEXT, "racy");
	}
	snprintf(out, STAMPS_TEXT, "%s %s %s %s", CURSOR_TAG, text[0], text[1], text[2]);
}

bool stamps_match(const char *cursor, const struct stamps *now)
{
	const struct stamp *each[] = { &now->cur, &now->new, &now->table };
	char text[3][STAMP_TEXT];
	char expected[STAMPS_TEXT];

	/* A cursor that would be written for what is there now, were it all trusted: "racy" and
	 * other people's texts never equal it. */
	for (size_t i = 0; i < 3; i++)
		stamp_text(text[i], each[i]);
	snprintf(expected, sizeof expected, "%s %s %s %s", CURSOR_TAG, text[0], text[1], text[2]);
	return strcmp(cursor, expected) == 0;
}
