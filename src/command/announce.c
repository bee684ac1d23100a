/* Announce: what is to be told, and how it is marked.  Killed between delivery and mark, the next run must
 * not deliver again: a message is named by the runs whose conflicts it tells of, and one that is there tells
 * of them already.  announce_deliver.c puts it into its place. */
#include "command/announce.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "command/announce_deliver.h"
#include "command/conflicts.h"
#include "config/account_id.h"
#include "format/notice.h"
#include "store/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MOST ((size_t)16 << 20)
#define RUNS_MOST    9 /* that one message tells of: their names must fit into that of a file */
#define ROUNDS_MOST  1000

/* The conflicts of one run of one service.  They all have its time, so that the numbers of a state that was
 * lost and begins anew mean no other run. */
struct told {
	size_t service;
	int64_t run, when;
	bool taken; /* by this message */
};

struct announcing {
	const struct account *account;
	bool several;
	struct arena *arena;
	struct service *services[SERVICE_TYPES]; /* held; NULL: there is nothing to tell of it */
	struct conflict *conflicts[SERVICE_TYPES];
	size_t counts[SERVICE_TYPES];
	struct told told[RUNS_MOST];
	size_t told_count;
	size_t items;
};

static const struct fail *ask(const struct service *service, struct arena *arena, struct conflict **conflicts,
			      size_t *count)
{
	struct conflict *all = NULL;
	size_t found = 0;
	const struct fail *f = state_conflicts(service->state, arena, &all, &found);

	*count = 0;
	*conflicts = all;
	for (size_t i = 0; !f && i < found; i++)
		if (!all[i].announced)
			all[(*count)++] = all[i];
	return f;
}

const struct fail *announce_needed(const struct service *service, bool *needed)
{
	struct conflict *conflicts = NULL;
	size_t count = 0;
	const struct fail *f = ask(service, service->arena, &conflicts, &count);

	*needed = count > 0;
	return f;
}

/* ---- what there is ----------------------------------------------------------------------------- */

/* Looks, and takes the lock only where there is something. */
static const struct fail *service_take(struct announcing *a, size_t type)
{
	struct service *service = NULL;
	bool needed = false;
	const struct fail *f = service_look(&service_types[type], a->account, &service);

	if (!f && service->state)
		f = announce_needed(service, &needed);
	service_close(service);
	if (!f && needed)
		f = service_hold(&service_types[type], a->account, &a->services[type]);
	if (fail_is(f, FAIL_LOCKED))
		return NULL;
	if (!f && a->services[type])
		f = ask(a->services[type], a->arena, &a->conflicts[type], &a->counts[type]);
	return f;
}

/* "d12-1795340000": a run, in a file's name. */
static const char *told_name(struct announcing *a, const struct told *told)
{
	return arena_printf(a->arena, "%c%" PRId64 "-%" PRId64, service_types[told->service].name[0],
			    told->run, told->when);
}

static bool is_told(const struct told *told, size_t service, const struct conflict *conflict)
{
	return told->service == service && told->run == conflict->run && told->when == conflict->when;
}

static const struct fail *mark(struct announcing *a, const struct told *told)
{
	struct service *service = a->services[told->service];
	const struct fail *f = state_begin(service->state);

	for (size_t i = 0; !f && i < a->counts[told->service]; i++) {
		struct conflict *conflict = &a->conflicts[told->service][i];

		if (!is_told(told, told->service, conflict) || conflict->announced)
			continue;
		conflict->announced = true;
		f = state_conflict_put(service->state, conflict);
	}
	if (!f)
		return state_commit(service->state);
	state_rollback(service->state);
	return f;
}

/* The runs that the next message is to tell of: those not told yet, as many as one name can hold.  What was
 * told, but not marked, is marked here. */
static const struct fail *collect(struct announcing *a)
{
	a->told_count = 0;
	for (size_t s = 0; s < SERVICE_TYPES; s++)
		for (size_t i = 0; i < a->counts[s] && a->told_count < RUNS_MOST; i++) {
			const struct conflict *conflict = &a->conflicts[s][i];
			struct told *told = &a->told[a->told_count];
			const struct fail *f = NULL;
			bool known = conflict->announced, delivered = false;

			for (size_t k = 0; k < a->told_count; k++)
				known |= is_told(&a->told[k], s, conflict);
			if (known)
				continue;
			*told = (struct told){ .service = s, .run = conflict->run, .when = conflict->when };
			f = deliver_find(a->services[s]->root, told_name(a, told), &delivered);
			if (!f && delivered)
				f = mark(a, told);
			else
				a->told_count++;
			if (f)
				return f;
		}
	return NULL;
}

/* ---- the message ------------------------------------------------------------------------------- */

static bool is_collected(const struct announcing *a, size_t service, const struct conflict *conflict)
{
	for (size_t k = 0; k < a->told_count; k++)
		if (is_told(&a->told[k], service, conflict))
			return true;
	return false;
}

/* One whose file is gone is closed, and not told any more. */
static bool is_item(const struct announcing *a, size_t service, const struct conflict *conflict,
		    struct arena *arena)
{
	struct engine engine = shelf_engine(a->services[service]);

	return is_collected(a, service, conflict) && conflict_is_open(&engine, conflict, arena);
}

/* Is it a text form?  Then it can only be dropped. */
static bool is_partial(const struct diff_input *input)
{
	struct body *body = NULL;
	bool partial;

	if (!input->data || body_of_memory(input->data, input->size, BODY_MAIL, &body))
		return false;
	partial = body->mark != NULL;
	body_free(body);
	return partial;
}

static const struct fail *item_add(struct announcing *a, size_t service, const struct conflict *conflict,
				   struct arena *arena, struct notice_draft *notice)
{
	struct engine engine = shelf_engine(a->services[service]);
	struct notice_item item = { .number = conflict_number(conflict),
				    .folder = conflict->folder,
				    .why = conflict->why };
	struct conflict_versions versions;
	struct diff diff = { 0 };
	const struct fail *f = conflict_read(&engine, conflict, arena, &versions);

	if (f && f->scope > FAIL_FOLDER)
		return f;
	if (f) /* what cannot be read is told all the same, for the others' sake */
		versions.path[DIFF_LOCAL] = conflict->path;
	else
		conflict_diff(conflict, &versions, arena, &diff);
	item.item = conflict_title(conflict, &versions, arena);
	item.diff = &diff;
	item.form = conflict->kind == KIND_MAIL       ? NOTICE_MAIL
		    : conflict->kind == KIND_CONTACTS ? NOTICE_CARD
						      : NOTICE_CALENDAR;
	item.partial = item.form == NOTICE_MAIL && is_partial(&versions.input[DIFF_LOCAL]);
	for (int v = 0; v < DIFF_VERSIONS; v++) {
		item.input[v] = versions.input[v];
		item.path[v] = versions.path[v];
		item.when[v] = versions.when[v];
	}
	notice_add(notice, &item);
	return NULL;
}

static const struct fail *compose(struct announcing *a, const char *name, struct buf *out)
{
	char id[ACCOUNT_ID_SIZE + 1];
	struct notice_options options = { .account = a->account->name,
					  .id = id,
					  .user = a->account->user,
					  .several = a->several,
					  .count = a->items,
					  .now = clock_now() };
	struct arena *arena = arena_new();
	struct notice_draft *notice = NULL;
	const struct fail *f = NULL;

	account_id(a->account, id);
	options.message_id = arena_printf(a->arena, "%s.%s@koc.localhost", name, id);
	notice = notice_begin(&options);
	for (size_t s = 0; s < SERVICE_TYPES; s++)
		for (size_t i = 0; !f && i < a->counts[s]; i++) {
			const struct conflict *conflict = &a->conflicts[s][i];

			arena_reset(arena);
			if (is_item(a, s, conflict, arena))
				f = item_add(a, s, conflict, arena, notice);
		}
	notice_end(notice, out);
	arena_free(arena);
	return f;
}

static size_t items_count(struct announcing *a)
{
	struct arena *arena = arena_new();
	size_t count = 0;

	for (size_t s = 0; s < SERVICE_TYPES; s++)
		for (size_t i = 0; i < a->counts[s]; i++)
			count += is_item(a, s, &a->conflicts[s][i], arena);
	arena_free(arena);
	return count;
}

static int root_of(const struct announcing *a)
{
	for (size_t s = 0; s < SERVICE_TYPES; s++)
		if (a->services[s])
			return a->services[s]->root;
	return -1;
}

/* One message, of the runs that were collected. */
static const struct fail *tell(struct announcing *a)
{
	const char *name = "";
	const struct fail *f = NULL;
	struct buf message;

	a->items = items_count(a);
	for (size_t k = 0; k < a->told_count; k++)
		name = arena_printf(a->arena, "%s%s%s", name, k ? "_" : "", told_name(a, &a->told[k]));
	buf_init(&message, MESSAGE_MOST);
	if (a->items)
		f = compose(a, name, &message);
	if (!f && a->items)
		f = deliver(root_of(a), a->account->notice == NOTICE_INBOX, name, &message);
	for (size_t k = 0; !f && k < a->told_count; k++)
		f = mark(a, &a->told[k]);
	buf_free(&message);
	return f;
}

const struct fail *announce(const struct account *account, bool several)
{
	struct announcing a = { .account = account, .several = several };
	const struct fail *f = NULL, *shut = NULL;

	if (account->notice == NOTICE_NONE)
		return NULL;
	a.arena = arena_new();
	for (size_t s = 0; s < SERVICE_TYPES; s++) { /* one that fails does not touch the other */
		f = service_wanted(&service_types[s], account) ? service_take(&a, s) : NULL;
		if (f)
			a.counts[s] = 0;
		shut = shut ? shut : f;
	}
	f = NULL;
	for (size_t round = 0; !f && round < ROUNDS_MOST; round++) {
		f = collect(&a);
		if (f || !a.told_count)
			break;
		f = tell(&a);
	}
	for (size_t s = 0; s < SERVICE_TYPES; s++)
		service_close(a.services[s]);
	arena_free(a.arena);
	return fail_in(f ? f : shut, "the message about conflicts");
}
