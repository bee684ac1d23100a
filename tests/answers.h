/* Answers: canned bytes through the gate, and what comes out as text; for unit and fuzz tests. */
#ifndef KOC_TESTS_ANSWERS_H
#define KOC_TESTS_ANSWERS_H

#include "base/arena.h"
#include "base/buf.h"
#include "core/flags.h"
#include "store/imap/gate.h"

#include <inttypes.h>
#include <string.h>

struct canned {
	const char *data;
	size_t size, at, piece; /* given out in pieces of this size */
};

static inline const struct fail *canned_read(void *context, void *data, size_t room, size_t *got)
{
	struct canned *canned = context;
	size_t left = canned->size - canned->at;

	if (left == 0)
		return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "closed by the server");
	*got = left < canned->piece ? left : canned->piece;
	if (*got > room)
		*got = room;
	memcpy(data, canned->data + canned->at, *got);
	canned->at += *got;
	return NULL;
}

static inline const struct fail *canned_body(void *context, const void *data, size_t size)
{
	buf_add(context, data, size);
	return NULL;
}

/* Of several sections: what each is. */
static inline const struct fail *canned_section(void *context, const char *section, uint64_t size)
{
	buf_addf(context, "[%s %" PRIu64 "]", section, size);
	return NULL;
}

static inline void ranges_show(struct buf *out, const struct uid_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_addf(out, "%s%" PRIu32 ":%" PRIu32, i ? "," : " ", ranges[i].first, ranges[i].last);
}

static inline void code_show(struct buf *out, struct arena *arena, const struct code *code)
{
	if (code->kind == CODE_NONE)
		return;
	buf_addf(out, " [%d", (int)code->kind);
	if (code->number)
		buf_addf(out, " %" PRIu64, code->number);
	if (code->words)
		buf_addf(out, " %s", code->words);
	if (code->kind == CODE_PERMANENTFLAGS)
		buf_addf(out, " %s%s", flags_text(arena, code->flags), code->any_keyword ? " *" : "");
	ranges_show(out, code->from, code->from_count);
	ranges_show(out, code->to, code->to_count);
	buf_adds(out, "]");
}

static inline void fetched_show(struct buf *out, struct arena *arena, const struct fetched *fetched)
{
	buf_addf(out, "FETCH %" PRIu32, fetched->number);
	if (fetched->uid)
		buf_addf(out, " uid %" PRIu32, fetched->uid);
	if (fetched->has_flags)
		buf_addf(out, " flags (%s)", flags_text(arena, fetched->flags));
	if (fetched->has_size)
		buf_addf(out, " size %" PRIu64, fetched->size);
	if (fetched->date)
		buf_addf(out, " date %" PRId64, fetched->date);
	if (fetched->lasting)
		buf_addf(out, " lasting %s", fetched->lasting);
	if (fetched->structure)
		buf_addf(out, " structure %s", fetched->structure);
}

static inline void counted_show(struct buf *out, const struct counted *counted)
{
	buf_addf(out, "STATUS %s", counted->name);
	if (counted->has_messages)
		buf_addf(out, " messages %" PRIu64, counted->messages);
	if (counted->has_next)
		buf_addf(out, " next %" PRIu64, counted->next);
	if (counted->has_validity)
		buf_addf(out, " validity %" PRIu64, counted->validity);
	if (counted->has_modseq)
		buf_addf(out, " modseq %" PRIu64, counted->modseq);
	if (counted->lasting)
		buf_addf(out, " lasting %s", counted->lasting);
}

static inline void answer_show(struct buf *out, struct arena *arena, const struct answer *answer,
			       struct buf *body)
{
	static const char *const verdicts[] = { "OK", "NO", "BAD" };

	switch (answer->kind) {
	case ANSWER_NOTHING:
		break;
	case ANSWER_DONE:
		buf_addf(out, "%" PRIu32 " %s", answer->tag, verdicts[answer->verdict]);
		code_show(out, arena, &answer->code);
		buf_addf(out, " %s", answer->text);
		break;
	case ANSWER_CONTINUE:
		buf_addf(out, "+ %s", answer->text);
		break;
	case ANSWER_STATE:
		buf_adds(out, verdicts[answer->verdict]);
		code_show(out, arena, &answer->code);
		buf_addf(out, " %s", answer->text);
		break;
	case ANSWER_PREAUTH:
		buf_addf(out, "PREAUTH %s", answer->text);
		break;
	case ANSWER_BYE:
		buf_addf(out, "BYE %s", answer->text);
		break;
	case ANSWER_CAPABILITY:
		buf_addf(out, "CAPABILITY%s", answer->text);
		break;
	case ANSWER_ENABLED:
		buf_addf(out, "ENABLED%s", answer->text);
		break;
	case ANSWER_LIST:
		buf_addf(out, "%s %s roles %" PRIu32 " delimiter %c", answer->listed.lsub ? "LSUB" : "LIST",
			 answer->listed.name, answer->listed.roles,
			 answer->listed.delimiter ? answer->listed.delimiter : '0');
		break;
	case ANSWER_STATUS:
		counted_show(out, &answer->counted);
		break;
	case ANSWER_SEARCH:
		buf_adds(out, "SEARCH");
		for (size_t i = 0; i < answer->uid_count; i++)
			buf_addf(out, " %" PRIu32, answer->uids[i]);
		break;
	case ANSWER_NAMESPACE:
		buf_adds(out, "NAMESPACE");
		for (size_t i = 0; i < answer->namespace_count; i++)
			buf_addf(out, " %s(%s %c)", answer->namespaces[i].personal ? "mine" : "foreign",
				 answer->namespaces[i].prefix,
				 answer->namespaces[i].delimiter ? answer->namespaces[i].delimiter : '0');
		break;
	case ANSWER_FLAGS:
		buf_addf(out, "FLAGS %s", flags_text(arena, answer->flags));
		break;
	case ANSWER_EXISTS:
		buf_addf(out, "EXISTS %" PRIu64, answer->number);
		break;
	case ANSWER_EXPUNGE:
		buf_addf(out, "EXPUNGE %" PRIu64, answer->number);
		break;
	case ANSWER_VANISHED:
		buf_adds(out, answer->earlier ? "VANISHED earlier" : "VANISHED");
		ranges_show(out, answer->ranges, answer->range_count);
		break;
	case ANSWER_FETCH:
		fetched_show(out, arena, &answer->fetched);
		if (answer->fetched.has_body) {
			buf_addf(out, " body <%s>", body->data);
			buf_clear(body);
		}
		break;
	}
	buf_addc(out, '\n');
}

/* All answers in these bytes as lines; the last is "fail: TEXT" unless the bytes just end.
 * Bodies of `section` are taken (NULL: none; "*": of all). */
static inline void answers_show(struct buf *out, const void *data, size_t size, size_t piece,
				const char *section)
{
	struct canned canned = { .data = data, .size = size, .piece = piece };
	struct arena *arena = arena_new();
	const struct fail *f;
	struct gate gate;
	struct buf body;

	buf_init(&body, (size_t)4 << 20);
	gate_init(&gate, canned_read, &canned);
	if (section && strcmp(section, "*") == 0)
		gate_take_sections(&gate, canned_section, canned_body, &body);
	else if (section)
		gate_take_bodies(&gate, section, canned_body, &body);
	for (;;) {
		struct answer answer;

		f = gate_next(&gate, &answer);
		if (f)
			break;
		arena_reset(arena);
		answer_show(out, arena, &answer, &body);
	}
	if (f->code != FAIL_UNREACHABLE)
		buf_addf(out, "fail: %s\n", f->text);
	gate_free(&gate);
	buf_free(&body);
	arena_free(arena);
}

#endif
