/* Notice: the message that tells of conflicts (SPEC 4): RFC 5322, multipart/mixed, a text that is readable in
 * 80 columns and both versions of each item.  Pure, but for the user's time zone. */
#ifndef KOC_FORMAT_NOTICE_H
#define KOC_FORMAT_NOTICE_H

#include "format/diff.h"

#include <stdint.h>

/* The header field by which such a message is known, wherever it lies: koc never uploads one. */
#define NOTICE_HEADER "X-Koc-Notice"

#define NOTICE_DETAILS   40                 /* items whose differences are told; of more only what they are */
#define NOTICE_ITEMS     1000               /* items that are named; of more only how many they are */
#define NOTICE_FIELDS    8                  /* differences of each */
#define NOTICE_PART_MOST ((size_t)1 << 20)  /* bytes of a version that is attached */
#define NOTICE_MOST      ((size_t)4 << 20)  /* bytes of all of them */

struct notice_options {
	const char *account;    /* its name */
	const char *id;         /* its id, in the header: letters, digits, '.', '_', '-' */
	const char *user;       /* the login: it is sent to this address, if it is one */
	const char *message_id; /* without brackets */
	bool several;           /* there are other accounts: commands name this one */
	size_t count;           /* items that will come */
	int64_t now;
};

enum notice_form { NOTICE_MAIL, NOTICE_CALENDAR, NOTICE_CARD };

struct notice_item {
	int64_t number;
	const char *folder, *item, *why;
	enum notice_form form;
	struct diff_input input[DIFF_VERSIONS];
	const char *path[DIFF_VERSIONS]; /* NULL: no such file */
	int64_t when[DIFF_VERSIONS];     /* 0 unknown */
	const struct diff *diff;
	bool partial;                    /* the local one is a text form: it cannot be kept */
};

struct notice_draft; /* opaque: a message being made */

/* Begins one; the options are the caller's, and live until the end. */
struct notice_draft *notice_begin(const struct notice_options *options);

/* Adds an item; nothing of it is needed after the call. */
void notice_add(struct notice_draft *notice, const struct notice_item *item);

/* Appends the message, with LF line ends (as it lies in a Maildir), and frees the notice. */
void notice_end(struct notice_draft *notice, struct buf *out);

#endif
