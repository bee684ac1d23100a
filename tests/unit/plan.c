/* The planner against scenarios: tests/plan/NAME.txt, three columns and the plan that must come out.
 *
 *     case an edit here goes to the server
 *     folder calendars/Home
 *       7   A       A       B~
 *     > push-edit calendars/Home 7
 *
 * A line of an item: its name, the base, the server now, here now.  Each is "-" (not there) or a
 * version:
 *     A       content A.  Contents with one letter are equal when compared as items, those that are
 *             spelt alike (A, A') have the same bytes too; "*" in one is the item's number
 *     ~       behind the content: under another revision
 *     ?       before it: not read yet, so it has to be looked at if it matters
 *     :SF,x   flags by letter, then keywords
 *     @r      with the ref r instead of "7" (server), "f7" (here)
 * A base that differs by side is "server/here".  "1..30" as a name makes thirty items.  Words behind the
 * columns: date=N, lasting=WORD, key=K (keyed kinds; else "k7"), no-key, kept, trouble=WORD, damaged=WORD,
 * complete and expire (the form it is to have), what comes of merging both sides: merges=both merges=server
 * merges=here merges=not, and counted where one side only raised SEQUENCE.
 *
 * Words of a folder: its policy (mode=text mode=off direction=pull direction=push delete=never
 * delete=expunge keep merge allow out-of-scope pull-only push-only read-only expunge), and what the
 * guard is told (items=N missing=server missing=here emptied=server emptied=here).  A line "server
 * cannot-move" is about the server.
 *
 * The plan is what core/text.h prints, blanks apart, with "+left" where flag changes stay pending.  A
 * look is printed too; then it is answered, and the item planned again.  Last comes what the guard
 * counted: "= PATH holds 11 towards the server".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/guard.h"
#include "core/moves.h"
#include "core/pair.h"
#include "core/text.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_CASES 80
#define MOST_WORDS 16
#define LOOKS 5

struct folder {
	const char *path;
	const struct kind_traits *traits;
	struct policy policy;
	struct guard_folder guard;
	bool counted; /* items=N was given */
};

/* A version, and what reading it would find.  Matches point to the version: pairing hands it from one
 * match to another. */
struct told {
	struct version version; /* first */
	const char *content;    /* NULL: there is none */
	bool known;             /* it was read already */
};

struct item {
	struct match match; /* first */
	enum merging merges;
	bool counted;
	struct row row;
	struct told now[SIDES];
};

struct scenario {
	struct arena *arena;
	const char *file;
	int line;
	const char *name;
	bool cannot_move; /* "server cannot-move": it has neither MOVE nor COPY */
	struct { VEC(struct folder *) } folders;
	struct { VEC(struct item *) } items;
	struct buf expected, got;
};

static size_t cases, failures;

static void broken(const struct scenario *s, const char *what)
{
	fail_msg("%s:%d: %s", s->file, s->line, what);
}

/* ---- reading ------------------------------------------------------------------------------ */

static struct folder *folder_read(struct scenario *s, char **words, size_t count)
{
	struct folder *folder = arena_alloc(s->arena, sizeof *folder);
	struct policy *p = &folder->policy;

	folder->path = arena_str(s->arena, words[0]);
	for (enum kind kind = 0; kind < KINDS; kind++)
		if (str_starts(words[0], kind_traits(kind)->root))
			folder->traits = kind_traits(kind);
	if (!folder->traits)
		broken(s, "a folder of no kind");
	p->in_scope = true;
	folder->guard.policy = p;
	for (size_t i = 1; i < count; i++) {
		const struct {
			const char *word;
			bool *set;
		} switches[] = {
			{ "keep", &p->keep_removed },
			{ "merge", &p->merge },
			{ "allow", &p->allow_removals },
			{ "pull-only", &p->pull_only },
			{ "push-only", &p->push_only },
			{ "read-only", &p->server_read_only },
			{ "expunge", &p->expunge },
			{ "missing=server", &folder->guard.missing[SERVER] },
			{ "missing=here", &folder->guard.missing[LOCAL] },
			{ "emptied=server", &folder->guard.emptied[SERVER] },
			{ "emptied=here", &folder->guard.emptied[LOCAL] },
		};
		bool found = false;

		for (size_t k = 0; k < sizeof switches / sizeof *switches; k++)
			if (strcmp(words[i], switches[k].word) == 0)
				*switches[k].set = found = true;
		if (found)
			continue;
		if (strcmp(words[i], "out-of-scope") == 0)
			p->in_scope = false;
		else if (strcmp(words[i], "mode=text") == 0)
			p->mode = MODE_TEXT;
		else if (strcmp(words[i], "mode=off") == 0)
			p->mode = MODE_OFF;
		else if (strcmp(words[i], "direction=pull") == 0)
			p->direction = DIRECTION_PULL;
		else if (strcmp(words[i], "direction=push") == 0)
			p->direction = DIRECTION_PUSH;
		else if (strcmp(words[i], "delete=never") == 0)
			p->remove = DELETE_NEVER;
		else if (strcmp(words[i], "delete=expunge") == 0)
			p->remove = DELETE_EXPUNGE;
		else if (str_starts(words[i], "items=")) {
			folder->guard.items = strtoull(words[i] + 6, NULL, 10);
			folder->counted = true;
		} else
			broken(s, words[i]);
	}
	return folder;
}

/* "SF,x,y" */
static struct flags flags_read(struct scenario *s, const char *text)
{
	static const char letters[] = "DFPRST";
	struct flags flags = { 0 };
	struct buf words;

	for (; *text && *text != ','; text++) {
		const char *letter = strchr(letters, *text);
		if (!letter)
			broken(s, "an unknown flag");
		flags.bits |= 1u << (letter - letters);
	}
	buf_init(&words, 1000);
	for (; *text; text++)
		buf_addc(&words, *text == ',' ? ' ' : *text);
	flags.keywords = keywords_canonical(s->arena, words.data);
	buf_free(&words);
	return flags;
}

/* A content with the item's number in place of "*". */
static const char *content_read(struct scenario *s, const char *text, size_t size, unsigned number)
{
	struct buf buf;
	const char *content;

	buf_init(&buf, 100);
	for (size_t i = 0; i < size; i++)
		if (text[i] == '*')
			buf_addf(&buf, "%u", number);
		else
			buf_addc(&buf, text[i]);
	content = arena_str(s->arena, buf.data);
	buf_free(&buf);
	return content;
}

/* One version; content NULL if there is none ("-"). */
static struct told version_read(struct scenario *s, const char *text, enum side side,
				unsigned number, bool keyed)
{
	struct told told = { .known = *text != '?' };
	struct version *version = &told.version;
	const char *end;

	if (strcmp(text, "-") == 0)
		return told;
	if (*text == '?')
		text++;
	end = text + strcspn(text, "~:@");
	told.content = content_read(s, text, (size_t)(end - text), number);
	/* Messages never change on a server. */
	version->revision = side == SERVER && !keyed ? "" :
						       arena_printf(s->arena, "r-%s%s", told.content,
								    *end == '~' ? "~" : "");
	version->ref = arena_printf(s->arena, side == SERVER ? "%u" : "f%u", number);
	if (told.known && (keyed || side == LOCAL))
		version->digest = digest_of(told.content, strlen(told.content));
	if (*end == '~')
		end++;
	if (*end == ':') {
		const char *flags = end + 1;
		end = flags + strcspn(flags, "@");
		version->flags =
			flags_read(s, arena_strn(s->arena, flags, (size_t)(end - flags)));
	}
	if (*end == '@')
		version->ref = arena_str(s->arena, end + 1);
	return told;
}

/* The print of a message: its letter, so that A and A' have one. */
static struct print print_of(const char *content)
{
	size_t size = strcspn(content, "'");

	return (struct print){ .size = 1000, .head = digest_of(content, size) };
}

static void base_read(struct scenario *s, struct item *item, const char *text, unsigned number,
		      bool keyed)
{
	const char *slash = strchr(text, '/');
	const char *part[SIDES] = { text, text };
	struct told told[SIDES];

	if (strcmp(text, "-") == 0)
		return;
	if (slash) {
		part[SERVER] = arena_strn(s->arena, text, (size_t)(slash - text));
		part[LOCAL] = slash + 1;
	}
	for (int i = 0; i < SIDES; i++) {
		told[i] = version_read(s, part[i], (enum side)i, number, keyed);
		item->row.side[i] = told[i].version;
	}
	item->row.id = number;
	if (!keyed)
		item->row.print = print_of(told[told[SERVER].content ? SERVER : LOCAL].content);
	item->match.row = &item->row;
}

static enum merging merging_read(struct scenario *s, const char *word)
{
	static const char *const words[] = { "", "not", "server", "here", "both" };

	for (int i = MERGE_REFUSED; i <= MERGE_OF_BOTH; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum merging)i;
	broken(s, word);
	return MERGE_UNTRIED;
}

static void item_read(struct scenario *s, unsigned number, char **words, size_t count)
{
	struct item *item = arena_alloc(s->arena, sizeof *item);
	const struct folder *folder;
	bool keyed;

	if (!s->folders.count)
		broken(s, "an item before the first folder");
	if (count < 3)
		broken(s, "three columns are needed");
	folder = s->folders.items[s->folders.count - 1];
	keyed = folder->traits->keyed;
	item->match.folder = s->folders.count - 1;
	base_read(s, item, words[0], number, keyed);
	for (int i = 0; i < SIDES; i++) {
		struct told *told = &item->now[i];

		*told = version_read(s, words[1 + i], (enum side)i, number, keyed);
		if (!told->content)
			continue;
		item->match.now[i] = &told->version;
		item->match.looked[i] = told->known;
		if (!keyed && told->known && !item->match.row)
			item->match.print = print_of(told->content);
	}
	item->match.key = keyed ? arena_printf(s->arena, "k%u", number) : NULL;
	for (size_t i = 3; i < count; i++) {
		if (strcmp(words[i], "kept") == 0)
			item->row.marks |= ROW_KEPT;
		else if (strcmp(words[i], "no-key") == 0)
			item->match.key = NULL;
		else if (str_starts(words[i], "date="))
			item->match.date = item->row.date = atoll(words[i] + 5);
		else if (str_starts(words[i], "lasting="))
			item->match.lasting = item->row.lasting = arena_str(s->arena, words[i] + 8);
		else if (str_starts(words[i], "key="))
			item->match.key = arena_str(s->arena, words[i] + 4);
		else if (strcmp(words[i], "complete") == 0)
			item->match.become = FORM_WHOLE;
		else if (strcmp(words[i], "expire") == 0)
			item->match.become = FORM_TEXT;
		else if (str_starts(words[i], "trouble="))
			item->match.trouble = arena_str(s->arena, words[i] + 8);
		else if (strcmp(words[i], "counted") == 0)
			item->counted = true;
		else if (str_starts(words[i], "merges="))
			item->merges = merging_read(s, words[i] + 7);
		else if ((item->match.damaged = str_starts(words[i], "damaged=")))
			item->match.trouble = arena_str(s->arena, words[i] + 8);
		else
			broken(s, words[i]);
	}
	item->row.key = item->match.key;
	*vec_push(&s->items) = item;
}

static void items_read(struct scenario *s, char **words, size_t count)
{
	char *rest;
	unsigned long first = strtoul(words[0], &rest, 10), last = first;

	if (rest == words[0])
		broken(s, "an item without a number");
	if (str_starts(rest, ".."))
		last = strtoul(rest + 2, &rest, 10);
	if (*rest)
		broken(s, "an item's number");
	for (; first <= last; first++)
		item_read(s, (unsigned)first, words + 1, count - 1);
}

/* ---- planning ----------------------------------------------------------------------------- */

static void tell(struct scenario *s, const struct op *op)
{
	const char *path = s->folders.items[op->folder]->path;
	const char *line = text_op(s->arena, op, path, s->folders.items[op->to]->path);

	if (!line)
		return;
	buf_adds(&s->got, line);
	if (op->verb == VERB_DUPLICATE)
		buf_addf(&s->got, " of %s", op->source->side[SERVER].ref);
	buf_adds(&s->got, op->flags_left ? " +left\n" : "\n");
}

/* Reads what the planner asked for. */
static void look(struct match *match, const struct op *op)
{
	const char *content[SIDES] = { NULL, NULL };
	size_t size;

	for (int i = 0; i < SIDES; i++) {
		struct told *told = (struct told *)(uintptr_t)match->now[i];

		if (!told || (!op->compare && !op->merge && i != (int)op->side))
			continue;
		content[i] = told->content;
		told->version.digest = digest_of(told->content, strlen(told->content));
		match->looked[i] = true;
	}
	if (op->merge) {
		const struct item *item = (const struct item *)match;

		match->merging = item->merges ? item->merges : MERGE_REFUSED;
		match->merge_counted = item->counted;
		match->merge_said = "words";
	}
	if (!op->compare)
		return;
	assert_true(content[SERVER] && content[LOCAL]);
	size = strcspn(content[SERVER], "'");
	match->compared = size == strcspn(content[LOCAL], "'") &&
					  strncmp(content[SERVER], content[LOCAL], size) == 0 ?
				  EQUAL :
				  DIFFERENT;
}

static void plan_item(struct scenario *s, struct item *item, struct op *op)
{
	const struct folder *folder = s->folders.items[item->match.folder];

	if (!folder->policy.in_scope || folder->policy.mode == MODE_OFF) {
		memset(op, 0, sizeof *op);
		op->match = &item->match;
		op->folder = op->to = item->match.folder;
		item->match.op = op;
		return;
	}
	for (int turn = 0; turn < LOOKS; turn++) {
		plan_match(s->arena, &item->match, folder->traits, &folder->policy, op);
		if (op->verb != VERB_LOOK)
			return;
		tell(s, op);
		look(&item->match, op);
	}
	broken(s, "the planner cannot decide");
}

/* A new message here that has the content of one that both sides hold. */
static void find_copies(struct scenario *s, struct op *ops)
{
	for (size_t i = 0; !s->cannot_move && i < s->items.count; i++) {
		struct op *op = &ops[i];

		if (op->verb != VERB_COPY || op->side != SERVER ||
		    s->folders.items[op->folder]->traits->keyed)
			continue;
		for (size_t k = 0; k < s->items.count; k++) {
			const struct match *other = &s->items.items[k]->match;
			if (other->row && other->now[SERVER] &&
			    digest_equal(&other->row->side[LOCAL].digest,
					 &op->match->now[LOCAL]->digest)) {
				moves_duplicate(s->arena, op, other->row);
				break;
			}
		}
	}
}

/* What was held in a folder. */
static void tell_held(struct scenario *s, const char *path, const struct guard_folder *guard)
{
	if (guard->held[SERVER])
		buf_addf(&s->got, "= %s holds %llu towards the server\n", path,
			 (unsigned long long)guard->held[SERVER]);
	if (guard->held[LOCAL])
		buf_addf(&s->got, "= %s holds %llu towards here\n", path,
			 (unsigned long long)guard->held[LOCAL]);
	if (guard->held_flags)
		buf_addf(&s->got, "= %s holds %llu losses of flags\n", path,
			 (unsigned long long)guard->held_flags);
}

/* From the items to the text of the plan, as the engine does. */
static void plan_all(struct scenario *s)
{
	size_t count = s->items.count, folder_count = s->folders.count;
	struct match **matches = arena_alloc(s->arena, (count + 1) * sizeof(struct match *));
	struct op *ops = arena_alloc(s->arena, (count + 1) * sizeof *ops);
	struct move_folder *moves = arena_alloc(s->arena, (folder_count + 1) * sizeof *moves);
	struct guard_folder *guards = arena_alloc(s->arena, (folder_count + 1) * sizeof *guards);
	bool *keyed = arena_alloc(s->arena, (folder_count + 1) * sizeof *keyed);

	for (size_t i = 0; i < count; i++) {
		struct item *item = s->items.items[i];
		struct folder *folder = s->folders.items[item->match.folder];

		matches[i] = &item->match;
		if (!folder->counted)
			folder->guard.items += item->match.row && item->row.side[SERVER].ref &&
					       item->row.side[LOCAL].ref;
	}
	for (size_t i = 0; i < folder_count; i++) {
		const struct folder *folder = s->folders.items[i];

		keyed[i] = folder->traits->keyed;
		moves[i] = (struct move_folder){ .policy = &folder->policy, .keyed = keyed[i] };
		guards[i] = folder->guard;
	}
	pair_in_folders(matches, count, keyed);
	pair_moved_together(s->arena, matches, count, keyed);
	for (size_t i = 0; i < count; i++)
		plan_item(s, s->items.items[i], &ops[i]);
	moves_find(s->arena, ops, count, moves, !s->cannot_move);
	find_copies(s, ops);
	guard_check(ops, count, guards, folder_count);
	for (size_t i = 0; i < count; i++)
		tell(s, &ops[i]);
	for (size_t i = 0; i < folder_count; i++)
		tell_held(s, s->folders.items[i]->path, &guards[i]);
}

/* ---- running ------------------------------------------------------------------------------ */

/* One blank between words. */
static void add_line(struct buf *out, const char *line)
{
	bool first = true;

	while (*line) {
		size_t size = strcspn(line, " \t");

		if (size) {
			buf_adds(out, first ? "" : " ");
			buf_add(out, line, size);
			first = false;
		}
		line += size + strspn(line + size, " \t");
	}
	buf_addc(out, '\n');
}

static void squeeze(struct buf *buf)
{
	struct buf out;
	char *rest = buf->data, *line;

	buf_init(&out, buf->limit);
	while ((line = strsep(&rest, "\n")) && rest)
		add_line(&out, line);
	buf_free(buf);
	*buf = out;
}

static void case_end(struct scenario *s)
{
	if (!s->name)
		return;
	plan_all(s);
	squeeze(&s->got);
	cases++;
	if (strcmp(s->got.data, s->expected.data) != 0) {
		print_error("%s: %s\nexpected:\n%sgot:\n%s\n", s->file, s->name, s->expected.data,
			    s->got.data);
		failures++;
	}
	vec_free(&s->folders);
	vec_free(&s->items);
	buf_clear(&s->expected);
	buf_clear(&s->got);
	s->name = NULL;
	s->cannot_move = false;
}

/* "> hold mail/INBOX 1..12 (why)" stands for twelve lines. */
static void expect(struct scenario *s, const char *text)
{
	const char *dots = strstr(text, ".."), *start = dots, *end;
	unsigned long first, last;

	while (dots && start > text && start[-1] >= '0' && start[-1] <= '9')
		start--;
	if (!dots || start == dots) {
		add_line(&s->expected, text);
		return;
	}
	first = strtoul(start, NULL, 10);
	last = strtoul(dots + 2, (char **)&end, 10);
	for (; first <= last; first++)
		add_line(&s->expected, arena_printf(s->arena, "%.*s%lu%s", (int)(start - text),
						    text, first, end));
}

static void line_read(struct scenario *s, char *line)
{
	char *words[MOST_WORDS], *word, *rest = line;
	size_t count = 0;

	if (str_starts(line, "case ")) {
		case_end(s);
		s->name = arena_str(s->arena, line + 5);
		return;
	}
	if (*line == '>') {
		expect(s, line + 1);
		return;
	}
	while ((word = strsep(&rest, " \t")))
		if (*word && count < MOST_WORDS)
			words[count++] = word;
	if (!count || words[0][0] == '#')
		return;
	if (!s->name)
		broken(s, "outside of any case");
	if (s->expected.size)
		broken(s, "behind the plan");
	if (strcmp(words[0], "server") == 0 && count == 2 && strcmp(words[1], "cannot-move") == 0)
		s->cannot_move = true;
	else if (strcmp(words[0], "folder") == 0)
		*vec_push(&s->folders) = folder_read(s, words + 1, count - 1);
	else
		items_read(s, words, count);
}

static void run_file(const char *path)
{
	struct scenario s = { .arena = arena_new(), .file = path };
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;

	assert_non_null(file);
	buf_init(&s.expected, 1 << 20);
	buf_init(&s.got, 1 << 20);
	while (getline(&line, &room, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		s.line++;
		line_read(&s, line);
	}
	case_end(&s);
	free(line);
	fclose(file);
	buf_free(&s.expected);
	buf_free(&s.got);
	arena_free(s.arena);
}

static void scenarios_come_out_as_planned(void **state)
{
	glob_t files = { 0 };

	(void)state;
	assert_int_equal(glob("tests/plan/*.txt", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_file(files.gl_pathv[i]);
	globfree(&files);
	print_message("# %zu cases\n", cases);
	assert_int_equal(failures, 0);
	assert_true(cases >= LEAST_CASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenarios_come_out_as_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
