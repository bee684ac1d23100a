/* Notice: text and attachments are collected side by side, and put together at the end. */
#include "format/notice.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/str.h"
#include "base/terminal.h"
#include "format/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS   78
#define LABEL     10 /* columns before the text of a line with a label */
#define TEXT_MOST ((size_t)8 << 20)
#define BOUNDARY  29

struct notice_draft {
	const struct notice_options *options;
	struct buf text;
	struct buf parts; /* "\n--" and what follows the boundary, for each attachment */
	size_t *starts;   /* where each begins */
	size_t part_count, part_room;
	size_t items;
	bool attached[DIFF_VERSIONS]; /* of the item at hand */
};

static const struct {
	const char *type, *suffix;
} forms[] = {
	[NOTICE_MAIL] = { "message/rfc822", "eml" },
	[NOTICE_CALENDAR] = { "text/calendar; charset=utf-8", "ics" },
	[NOTICE_CARD] = { "text/vcard; charset=utf-8", "vcf" },
};

struct notice_draft *notice_begin(const struct notice_options *options)
{
	struct notice_draft *notice = memory_alloc(sizeof *notice);

	notice->options = options;
	buf_init(&notice->text, TEXT_MOST);
	buf_init(&notice->parts, 2 * NOTICE_MOST);
	return notice;
}

/* ---- the text ---------------------------------------------------------------------------------- */

static void add_safe(struct buf *out, const char *text)
{
	terminal_safe(out, text, strlen(text));
}

/* "  label   text": wrapped; a path stays in one piece, on a line of its own if need be. */
static void add_line(struct notice_draft *notice, const char *label, const char *text, bool path)
{
	struct buf safe;

	buf_init(&safe, TEXT_MOST);
	add_safe(&safe, text);
	buf_addf(&notice->text, "  %-*s", LABEL - 2, label);
	if (path)
		buf_addf(&notice->text, "%s\n", safe.data);
	else
		terminal_wrap(&notice->text, safe.data, LABEL, LABEL, COLUMNS);
	buf_free(&safe);
}

static void add_version(struct notice_draft *notice, const struct notice_item *item,
			enum diff_version version)
{
	static const char *const labels[] = { [DIFF_SERVER] = "server", [DIFF_LOCAL] = "local" };
	static const char *const none[] = { [DIFF_SERVER] = "no longer there",
					    [DIFF_LOCAL] = "removed here" };
	const char *path = item->path[version];
	char text[20];

	add_line(notice, labels[version], path ? path : none[version], path != NULL);
	if (item->when[version]) {
		clock_text(item->when[version], text);
		buf_addf(&notice->text, "%*schanged %s\n", LABEL, "", text);
	}
	if (path && !notice->attached[version])
		buf_addf(&notice->text, "%*s(too large to be attached, or not readable)\n", LABEL, "");
}

/* "koc conflicts -a work keep 2" */
static void add_command(struct notice_draft *notice, const char *action, int64_t number)
{
	const struct notice_options *options = notice->options;

	buf_adds(&notice->text, "koc conflicts ");
	if (options->several) {
		bool plain = !options->account[strspn(options->account,
						      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
						      "0123456789._-@")];

		buf_adds(&notice->text, plain ? "-a " : "-a '");
		add_safe(&notice->text, options->account);
		buf_adds(&notice->text, plain ? " " : "' ");
	}
	buf_addf(&notice->text, "%s %" PRId64, action, number);
}

static void add_details(struct notice_draft *notice, const struct notice_item *item)
{
	bool there[DIFF_VERSIONS];

	for (int v = 0; v < DIFF_VERSIONS; v++)
		there[v] = item->input[v].data != NULL;
	add_version(notice, item, DIFF_SERVER);
	add_version(notice, item, DIFF_LOCAL);
	if (item->diff->count) {
		buf_addc(&notice->text, '\n');
		diff_tell(item->diff, there, NOTICE_FIELDS, &notice->text);
	}
}

static void add_text(struct notice_draft *notice, const struct notice_item *item)
{
	struct buf title;

	buf_init(&title, TEXT_MOST);
	buf_addf(&title, "%" PRId64 ": ", item->number);
	add_safe(&title, item->folder);
	buf_adds(&title, ": ");
	add_safe(&title, item->item);
	buf_addc(&notice->text, '\n');
	terminal_wrap(&notice->text, title.data, 0, 4, COLUMNS);
	buf_free(&title);
	add_line(notice, "", item->why, false);
	if (notice->items < NOTICE_DETAILS)
		add_details(notice, item);
	buf_addf(&notice->text, "\n%*s", LABEL, "");
	add_command(notice, item->partial ? "drop" : "keep", item->number);
	if (item->partial)
		buf_adds(&notice->text, "    (without its attachments it cannot be kept)");
	else if (!item->path[DIFF_LOCAL])
		buf_adds(&notice->text, "    (removes it again)");
	buf_addc(&notice->text, '\n');
}

/* ---- attachments ------------------------------------------------------------------------------- */

static void add_base64(struct buf *out, const char *data, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *at = (const unsigned char *)data;

	for (size_t i = 0; i < size; i += 3) {
		unsigned bits = (unsigned)at[i] << 16;
		size_t left = size - i;

		bits |= left > 1 ? (unsigned)at[i + 1] << 8 : 0;
		bits |= left > 2 ? (unsigned)at[i + 2] : 0;
		buf_addc(out, digits[bits >> 18]);
		buf_addc(out, digits[bits >> 12 & 63]);
		buf_addc(out, left > 1 ? digits[bits >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? digits[bits & 63] : '=');
		if (i % 57 == 54 || left <= 3)
			buf_addc(out, '\n');
	}
}

/* A header field of any text. */
static void add_field(struct buf *out, const char *name, const char *text)
{
	struct buf words;

	buf_init(&words, 1 << 20);
	words_encode(&words, text);
	buf_addf(out, "%s: ", name);
	for (size_t i = 0; i < words.size; i++)
		if (words.data[i] != '\r')
			buf_addc(out, words.data[i]);
	buf_addc(out, '\n');
	buf_free(&words);
}

/* RFC 2046 5.2.1: an enclosed message is not encoded. */
static void add_part(struct notice_draft *notice, const struct notice_item *item, enum diff_version version)
{
	const char *whose = version == DIFF_SERVER ? "server" : "local";
	const struct diff_input *input = &item->input[version];
	struct buf *out = &notice->parts;
	struct buf title;

	notice->attached[version] = input->data && input->size <= NOTICE_PART_MOST &&
				    out->size + input->size <= NOTICE_MOST;
	if (!notice->attached[version])
		return;
	if (notice->part_count == notice->part_room) {
		notice->part_room = 2 * notice->part_room + 16;
		notice->starts = memory_resize(notice->starts, notice->part_room, sizeof *notice->starts);
	}
	notice->starts[notice->part_count++] = out->size;
	buf_init(&title, 1 << 16);
	buf_addf(&title, "%" PRId64 ", %s: %s", item->number, whose, item->item);
	buf_addf(out, "Content-Type: %s\n", forms[item->form].type);
	buf_addf(out, "Content-Disposition: attachment; filename=\"%" PRId64 "-%s.%s\"\n", item->number,
		 whose, forms[item->form].suffix);
	add_field(out, "Content-Description", title.data);
	buf_free(&title);
	if (item->form == NOTICE_MAIL) {
		buf_adds(out, "Content-Transfer-Encoding: 8bit\n\n");
		buf_add(out, input->data, input->size);
	} else {
		buf_adds(out, "Content-Transfer-Encoding: base64\n\n");
		add_base64(out, input->data, input->size);
	}
}

void notice_add(struct notice_draft *notice, const struct notice_item *item)
{
	if (notice->items < NOTICE_ITEMS) {
		add_part(notice, item, DIFF_SERVER);
		add_part(notice, item, DIFF_LOCAL);
		add_text(notice, item);
	}
	notice->items++;
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* Is it an address that needs no quoting? */
static bool is_address(const char *text)
{
	static const char atoms[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+-/=?^_`{|}~";
	size_t local = strspn(text, atoms);
	size_t domain = text[local] == '@' ? strspn(text + local + 1, atoms) : 0;

	return local && domain && !text[local + 1 + domain];
}

static void add_header(const struct notice_draft *notice, const char *boundary, struct buf *out)
{
	const struct notice_options *options = notice->options;
	char date[CLOCK_MAIL];

	clock_mail(options->now, date);
	buf_adds(out, "From: koc <koc@localhost>\n");
	buf_addf(out, "To: %s\n", is_address(options->user) ? options->user : "you <koc@localhost>");
	buf_addf(out, "Subject: Message in conflict! (%zu %s)\n", options->count,
		 options->count == 1 ? "item" : "items");
	buf_addf(out, "Date: %s\n", date);
	buf_addf(out, "Message-ID: <%s>\n", options->message_id);
	buf_addf(out, NOTICE_HEADER ": %s\n", options->id);
	buf_adds(out, "Auto-Submitted: auto-generated\n");
	buf_adds(out, "MIME-Version: 1.0\n");
	buf_addf(out, "Content-Type: multipart/mixed; boundary=\"%s\"\n\n", boundary);
}

static void add_opening(const struct notice_draft *notice, struct buf *out)
{
	const struct notice_options *options = notice->options;
	bool one = options->count == 1;
	struct buf text;

	buf_init(&text, 1 << 16);
	buf_addf(&text, "%zu %s of the account ", options->count, one ? "item" : "items");
	add_safe(&text, options->account);
	buf_addf(&text,
		 " %s changed here and on the server at the same time.  What the server has stands: "
		 "the folder has it, or has it no more.  The local %s, if not removed, %s kept under "
		 "Conflicts and attached.  This message is only here: it is never sent anywhere.",
		 one ? "was" : "were", one ? "version" : "versions", one ? "is" : "are");
	terminal_wrap(out, text.data, 0, 0, COLUMNS);
	buf_free(&text);
}

static const char closing[] =
	"\n"
	"What to type, with the number of the item for N:\n"
	"\n"
	"    koc conflicts           list what is open\n"
	"    koc conflicts show N    the difference, field by field\n"
	"    koc conflicts keep N    put the local version back; the next sync uploads it\n"
	"    koc conflicts both N    keep both: the local one as a new item\n"
	"    koc conflicts drop N    keep the server's version\n"
	"\n"
	"Moving the file from Conflicts over the one in its folder is the same as keep.\n";

/* What nothing in the message can contain: a digest of all of it. */
static void boundary_make(const struct notice_draft *notice, char boundary[BOUNDARY])
{
	struct digest_run *run = digest_begin();
	struct digest digest;
	char hex[2 * DIGEST_SIZE + 1];

	digest_add(run, notice->text.data, notice->text.size);
	digest_add(run, notice->parts.data, notice->parts.size);
	digest = digest_end(run);
	str_hex(hex, digest.bytes, DIGEST_SIZE);
	snprintf(boundary, BOUNDARY, "koc-%.24s", hex);
}

void notice_end(struct notice_draft *notice, struct buf *out)
{
	char boundary[BOUNDARY];

	boundary_make(notice, boundary);
	add_header(notice, boundary, out);
	buf_addf(out, "--%s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n",
		 boundary);
	add_opening(notice, out);
	buf_add(out, notice->text.data, notice->text.size);
	if (notice->items > NOTICE_ITEMS)
		buf_addf(out, "\nand %zu more\n", notice->items - NOTICE_ITEMS);
	buf_adds(out, closing);
	for (size_t i = 0; i < notice->part_count; i++) {
		size_t end = i + 1 < notice->part_count ? notice->starts[i + 1] : notice->parts.size;

		buf_addf(out, "\n--%s\n", boundary);
		buf_add(out, notice->parts.data + notice->starts[i], end - notice->starts[i]);
	}
	buf_addf(out, "\n--%s--\n", boundary);
	buf_free(&notice->text);
	buf_free(&notice->parts);
	free(notice->starts);
	free(notice);
}
