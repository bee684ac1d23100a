/* Sync: what the run of an account did, told. */
#include "command/sync.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/terminal.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;       /* in JSON */
	const char *one, *many; /* for people, behind the number */
	size_t offset;
} counts[] = {
	{ "pulled", "received", "received", offsetof(struct sync_outcome, pulled) },
	{ "pushed", "sent", "sent", offsetof(struct sync_outcome, pushed) },
	{ "flagged-here", "flag change here", "flag changes here",
	  offsetof(struct sync_outcome, flagged[LOCAL]) },
	{ "flagged-there", "flag change there", "flag changes there",
	  offsetof(struct sync_outcome, flagged[SERVER]) },
	{ "moved-here", "moved here", "moved here", offsetof(struct sync_outcome, moved[LOCAL]) },
	{ "moved-there", "moved there", "moved there", offsetof(struct sync_outcome, moved[SERVER]) },
	{ "removed-here", "removed here", "removed here", offsetof(struct sync_outcome, removed[LOCAL]) },
	{ "removed-there", "removed there", "removed there", offsetof(struct sync_outcome, removed[SERVER]) },
	{ "adopted", "found equal", "found equal", offsetof(struct sync_outcome, adopted) },
	{ "folders-changed", "folder changed", "folders changed",
	  offsetof(struct sync_outcome, folders_changed) },
	{ "merged", "merged", "merged", offsetof(struct sync_outcome, merged) },
	{ "conflicts", "conflict", "conflicts", offsetof(struct sync_outcome, conflicts) },
	{ "held", "removal held", "removals held", offsetof(struct sync_outcome, held) },
	{ "set-aside", "set aside", "set aside", offsetof(struct sync_outcome, set_aside) },
	{ "folders-failed", "folder failed", "folders failed",
	  offsetof(struct sync_outcome, folders_failed) },
};

static uint64_t count_of(const struct sync_outcome *outcome, size_t i)
{
	return *(const uint64_t *)(const void *)((const char *)outcome + counts[i].offset);
}

bool sync_did_something(const struct sync_outcome *outcome)
{
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (count_of(outcome, i) > 0)
			return true;
	return false;
}

static void add_safe(struct buf *out, const char *text)
{
	terminal_safe(out, text, strlen(text));
}

void sync_tell_people(const struct sync_task *task, const struct sync_outcome *outcome, struct buf *out)
{
	const char *between = ": ";
	bool any = false;

	if (log_level() < LOG_NORMAL)
		return;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		uint64_t count = count_of(outcome, i);

		if (count == 0)
			continue;
		if (!any)
			add_safe(out, task->label);
		buf_addf(out, "%s%" PRIu64 " %s", between, count,
			 count == 1 ? counts[i].one : counts[i].many);
		between = ", ";
		any = true;
	}
	if (any) {
		buf_addc(out, '\n');
	} else if (isatty(STDOUT_FILENO) || log_level() >= LOG_VERBOSE) {
		add_safe(out, task->label);
		buf_adds(out, ": nothing new\n");
	}
}

/* The folders in it tell the kinds apart, but not the accounts. */
void sync_tell_plan(const struct sync_task *task, const struct buf *plan, struct buf *out)
{
	const char *at = plan->data;

	if (task->call->account_count > 1 && plan->size > 0) {
		add_safe(out, task->label);
		buf_adds(out, ":\n");
	}
	while (*at) {
		size_t size = strcspn(at, "\n");

		terminal_safe(out, at, size);
		buf_addc(out, '\n');
		at += size + (at[size] == '\n');
	}
	if (plan->over)
		buf_adds(out, "and more\n");
}

void sync_tell_program(const struct sync_task *task, const struct sync_outcome *outcome, const char *error,
		       enum exit_code code, const struct buf *plan, struct buf *out)
{
	struct json json = { .out = out };

	json_begin(&json, '{');
	json_key(&json, "account");
	json_text(&json, task->account->name);
	json_key(&json, "service");
	json_text(&json, task->type->name);
	json_key(&json, "status");
	json_number(&json, code);
	json_key(&json, "error");
	json_text(&json, error);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_key(&json, counts[i].name);
		json_count(&json, count_of(outcome, i));
	}
	if (plan) {
		json_key(&json, "plan");
		json_begin(&json, '[');
		for (char *at = plan->data, *end; (end = strchr(at, '\n')); at = end + 1) {
			*end = '\0';
			json_text(&json, at);
		}
		json_end(&json, ']');
	}
	json_end(&json, '}');
}
