/* Append: new messages go to the server. */
#include "base/arena.h"
#include "core/flags.h"
#include "store/body.h"
#include "store/imap/alter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* " "17-Jul-1996 02:44:25 +0000"" with a space before it; "" for an unknown date. */
static void date_text(int64_t date, char *out, size_t room)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t when = (time_t)date;
	struct tm tm;

	*out = '\0';
	/* date-year has four digits. */
	if (date == 0 || !gmtime_r(&when, &tm) || tm.tm_year < -900 || tm.tm_year > 8099)
		return;
	snprintf(out, room, " \"%2d-%s-%04d %02d:%02d:%02d +0000\"", tm.tm_mday, months[tm.tm_mon],
		 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void append_done(struct act *act, struct job *job)
{
	const struct code *code = &act->command->code;
	struct write *write = job->write;

	write->now.revision = "";
	write->now.digest = write->body->digest;
	write->now.flags = flags_admitted(job->arena, job->box, write->flags);
	if (job->bare)
		write->now.flags.keywords = NULL;
	if (code->kind == CODE_APPENDUID && code->to_count &&
	    code->to[0].first == code->to[0].last &&
	    (!job->box->validity || job->box->validity == code->number))
		write->now.ref = uid_ref(job->arena, code->to[0].first);
	if (write->now.ref &&
	    code->to[0].first >= job->box->next) /* the next look asks for it at once */
		job->box->next = (uint64_t)code->to[0].first + 1;
	job_end(job, NULL);
}

static void append_outcome(struct act *act, const struct fail *refused)
{
	struct job *job = act->jobs[0];

	if (!refused) {
		append_done(act, job);
		return;
	}
	/* Perhaps for its keywords: once more without them. */
	if (!job->bare && job->write->flags.keywords && *job->write->flags.keywords &&
	    refused->code == FAIL_REFUSED) {
		job->bare = true;
		job->state = JOB_ALONE;
		return;
	}
	job_end(job, refused);
}

static void append_one(struct acts *acts, struct job *job)
{
	struct arena *arena = acts->flight.arena;
	struct act *act = arena_alloc(arena, sizeof *act);
	struct flags flags = flags_admitted(arena, job->box, job->write->flags);
	const char *words;
	char date[40];

	if (job->bare)
		flags.keywords = NULL;
	words = flags_text(arena, flags);
	date_text(job->write->date, date, sizeof date);
	job->next = job->box->next;
	act->imap = acts->imap;
	act->arena = arena;
	act->jobs = arena_alloc(arena, sizeof(struct job *));
	act->jobs[0] = job;
	act->count = 1;
	act->outcome = append_outcome;
	act->command = flight_add(&acts->flight, NULL, NULL, "APPEND %s%s%s%s%s", job->box->quoted,
				  *words ? " (" : "", words, *words ? ")" : "", date);
	act->command->literal = job->write->body;
	act->command->step = "append";
	*vec_push(&acts->items) = act;
}

void append_add(struct acts *acts, struct job **jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (jobs[i]->kind == JOB_WRITE)
			append_one(acts, jobs[i]);
}

/* Of the messages that match takes the first that no other job of the same mailbox has. */
static void found_take(const struct find *finds, struct job **of, size_t i)
{
	for (size_t r = 0; r < finds[i].count; r++) {
		bool taken = false;

		for (size_t j = 0; j < i && !taken; j++)
			taken = of[j]->box == of[i]->box && of[j]->write->now.ref &&
				strcmp(of[j]->write->now.ref, finds[i].refs[r]) == 0;
		if (!taken) {
			of[i]->write->now.ref = arena_str(of[i]->arena, finds[i].refs[r]);
			return;
		}
	}
}

const struct fail *append_find(struct imap *imap, struct job *jobs, size_t count)
{
	struct arena *arena = arena_new();
	struct find *finds = arena_alloc(arena, (count + 1) * sizeof *finds);
	struct job **of = arena_alloc(arena, (count + 1) * sizeof(struct job *));
	const struct fail *f = NULL;
	size_t wanted = 0;

	for (size_t i = 0; i < count; i++) {
		struct job *job = &jobs[i];

		if (job->kind != JOB_WRITE || job->write->fail || job->write->now.ref || !job->next)
			continue;
		of[wanted] = job;
		finds[wanted].folder = job->write->folder;
		finds[wanted].next = uid_ref(arena, job->next);
		finds[wanted].print = job->write->body->print;
		finds[wanted++].message_id = job->write->body->fields.message_id;
	}
	if (wanted)
		f = imap_find(&imap->store, finds, wanted, arena);
	/* Not found is no failure: the next look finds it. */
	for (size_t i = 0; i < wanted && !f; i++)
		found_take(finds, of, i);
	arena_free(arena);
	return f;
}
