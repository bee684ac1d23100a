/* Status: what is known of one service of an account, for `koc status`.  status.c asks; status_people.c and
 * status_program.c tell. */
#ifndef KOC_COMMAND_STATUS_H
#define KOC_COMMAND_STATUS_H

#include "command/service.h"
#include "engine/local.h"

struct buf;
struct json;

struct report {
	struct service *service;
	char label[SERVICE_LABEL];
	struct state_folder *folders;
	size_t folder_count;
	struct pending *pending;
	size_t pending_count;
	struct conflict *conflicts;
	size_t conflict_count;
	struct state_run *runs;  /* the last one */
	size_t run_count;
	int64_t quiet_since;     /* when a run with nothing to do came after that one; 0: none did */
	int64_t waits_until;     /* the server asked not to be asked before this time; 0: it did not */
	struct local_news *news; /* changed here since then */
	size_t news_count;
};

/* Work that the next run takes up by itself, or when what it waits for comes into scope. */
struct status_wait {
	enum pending_why why;
	const char *name, *words; /* in JSON; for people, behind the number */
};
#define STATUS_WAITS 3
extern const struct status_wait status_waits[STATUS_WAITS];

/* Changes made here, by folder. */
struct status_change {
	const char *name, *words; /* in JSON; for people, behind the number */
};
#define STATUS_CHANGES 4
extern const struct status_change status_changes[STATUS_CHANGES];
uint64_t report_changes(const struct local_news *news, size_t change);

const char *report_folder(const struct report *report, int64_t id);

/* What an item is called: its subject, else its ref. */
const char *report_item(const struct report *report, const struct pending *pending);

/* How many entries of this kind there are, in one folder or (0) in all. */
size_t report_count(const struct report *report, enum pending_why why, int64_t folder);

void status_people(const struct report *report, struct buf *out);
void status_program(const struct report *report, struct json *json);

#endif
