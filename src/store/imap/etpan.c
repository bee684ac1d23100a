/* Etpan: libetpan's parser fed from memory, its structures turned into ours and freed.
 *
 * libetpan parses a response up to a tagged line, so one is put behind each line.  A progress
 * callback must be set or its handler of FETCH data is never called. */
#include "store/imap/etpan.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "core/flags.h"

#include <libetpan/libetpan.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FLAG_TEXT_MOST                                                                             \
	((size_t)16 * 1024) /* flags of a message or mailbox; what is beyond is cut */

static const char greeting[] = "* OK -\r\n";
static const char done[] = "1 OK -\r\n";

struct etpan {
	mailimap *session;
	struct { /* what its stream holds */
		const char *data;
		size_t size;
	} input[2];
	struct arena *arena; /* for the values, while a line is parsed */
	struct fetched *fetched;
	struct buf words; /* flags, in the wire's spelling */
};

/* ---- the stream ---------------------------------------------------------------------------- */

static ssize_t memory_read(mailstream_low *low, void *data, size_t room)
{
	struct etpan *etpan = low->data;

	for (size_t i = 0; i < 2; i++) {
		size_t size = etpan->input[i].size < room ? etpan->input[i].size : room;

		if (size == 0)
			continue;
		memcpy(data, etpan->input[i].data, size);
		etpan->input[i].data += size;
		etpan->input[i].size -= size;
		return (ssize_t)size;
	}
	return -1; /* never 0: libetpan would ask for ever */
}

static ssize_t memory_write(mailstream_low *low, const void *data, size_t size)
{
	(void)low;
	(void)data;
	(void)size;
	return -1;
}

static int memory_nothing(mailstream_low *low)
{
	(void)low;
	return -1;
}

static void memory_free(mailstream_low *low)
{
	free(low);
}

static void memory_cancel(mailstream_low *low)
{
	(void)low;
}

static mailstream_low_driver memory_driver = {
	.mailstream_read = memory_read,
	.mailstream_write = memory_write,
	.mailstream_close = memory_nothing,
	.mailstream_get_fd = memory_nothing,
	.mailstream_free = memory_free,
	.mailstream_cancel = memory_cancel,
};

/* ---- values -------------------------------------------------------------------------------- */

static void word_add(struct buf *words, const char *before, const char *word)
{
	if (words->size)
		buf_addc(words, ' ');
	buf_adds(words, before);
	buf_adds(words, word);
}

static void flag_add(struct buf *words, const struct mailimap_flag *flag)
{
	static const char *const names[] = {
		[MAILIMAP_FLAG_ANSWERED] = "\\Answered", [MAILIMAP_FLAG_FLAGGED] = "\\Flagged",
		[MAILIMAP_FLAG_DELETED] = "\\Deleted",   [MAILIMAP_FLAG_SEEN] = "\\Seen",
		[MAILIMAP_FLAG_DRAFT] = "\\Draft",
	};

	if (flag->fl_type == MAILIMAP_FLAG_KEYWORD)
		word_add(words, "", flag->fl_data.fl_keyword);
	else if (flag->fl_type == MAILIMAP_FLAG_EXTENSION)
		word_add(words, "\\", flag->fl_data.fl_extension);
	else if (flag->fl_type >= 0 && (size_t)flag->fl_type < sizeof names / sizeof *names)
		word_add(words, "", names[flag->fl_type]);
}

static int64_t date_of(const struct mailimap_date_time *date)
{
	struct tm tm = {
		.tm_year = date->dt_year - 1900,
		.tm_mon = date->dt_month - 1,
		.tm_mday = date->dt_day,
		.tm_hour = date->dt_hour,
		.tm_min = date->dt_min,
		.tm_sec = date->dt_sec,
	};
	int zone = abs(date->dt_zone);
	int64_t offset = (zone / 100 * 60 + zone % 100) * 60;

	return timegm(&tm) - (date->dt_zone < 0 ? -offset : offset);
}

static void static_take(struct fetched *fetched, const struct mailimap_msg_att_static *item)
{
	if (item->att_type == MAILIMAP_MSG_ATT_UID) {
		fetched->uid = item->att_data.att_uid;
	} else if (item->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE) {
		fetched->has_size = true;
		fetched->size = item->att_data.att_rfc822_size;
	} else if (item->att_type == MAILIMAP_MSG_ATT_INTERNALDATE) {
		fetched->date = date_of(item->att_data.att_internal_date);
	}
}

/* libetpan's handler of FETCH data; it frees the data afterwards. */
static void fetch_take(struct mailimap_msg_att *att, void *context)
{
	struct etpan *etpan = context;
	struct fetched *fetched = etpan->fetched;

	if (!fetched)
		return;
	for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
		struct mailimap_msg_att_item *item = clist_content(i);
		clist *flags;

		if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC)
			static_take(fetched, item->att_data.att_static);
		if (item->att_type != MAILIMAP_MSG_ATT_ITEM_DYNAMIC)
			continue;
		fetched->has_flags = true;
		buf_clear(&etpan->words);
		flags = item->att_data.att_dyn->att_list;
		for (clistiter *j = flags ? clist_begin(flags) : NULL; j; j = clist_next(j)) {
			struct mailimap_flag_fetch *flag = clist_content(j);

			if (flag->fl_type == MAILIMAP_FLAG_FETCH_OTHER)
				flag_add(&etpan->words, flag->fl_flag);
		}
		fetched->flags = flags_parse(etpan->arena, etpan->words.data);
	}
}

static void ranges_take(struct arena *arena, const struct mailimap_set *set,
			struct uid_range **ranges, size_t *count)
{
	int total = clist_count(set->set_list);
	struct uid_range *out = arena_alloc(arena, (size_t)total * sizeof *out);

	*ranges = out;
	*count = 0;
	for (clistiter *i = clist_begin(set->set_list); i; i = clist_next(i)) {
		const struct mailimap_set_item *item = clist_content(i);

		out->first = item->set_first < item->set_last ? item->set_first : item->set_last;
		out->last = item->set_first < item->set_last ? item->set_last : item->set_first;
		out++;
		++*count;
	}
}

/* ---- parsing ------------------------------------------------------------------------------- */

static void progress_none(size_t current, size_t most, void *context)
{
	(void)current;
	(void)most;
	(void)context;
}

struct etpan *etpan_new(void)
{
	struct etpan *etpan = memory_alloc(sizeof *etpan);
	mailstream_low *low = mailstream_low_new(etpan, &memory_driver);
	mailstream *stream = low ? mailstream_new(low, 8192) : NULL;

	etpan->session = mailimap_new(0, NULL);
	buf_init(&etpan->words, FLAG_TEXT_MOST);
	/* Its strings stay in memory, never in a file below /tmp. */
	mmap_string_set_ceil((size_t)-1);
	etpan->input[0].data = greeting;
	etpan->input[0].size = sizeof greeting - 1;
	if (!stream || !etpan->session ||
	    mailimap_connect(etpan->session, stream) != MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		abort(); /* out of memory: nothing else can fail here */
	mailimap_set_progress_callback(etpan->session, progress_none, progress_none, NULL);
	mailimap_set_msg_att_handler(etpan->session, fetch_take, etpan);
	return etpan;
}

void etpan_free(struct etpan *etpan)
{
	if (!etpan)
		return;
	etpan->session->imap_state = MAILIMAP_STATE_DISCONNECTED;
	mailimap_free(etpan->session);
	buf_free(&etpan->words);
	free(etpan);
}

static const struct fail *parse(struct etpan *etpan, const struct buf *line, struct arena *arena,
				struct mailimap_response **response)
{
	etpan->input[0].data = line->data;
	etpan->input[0].size = line->size;
	etpan->input[1].data = done;
	etpan->input[1].size = sizeof done - 1;
	etpan->arena = arena;
	etpan->session->imap_tag = 1;
	if (line->over || !mailimap_read_line(etpan->session) ||
	    mailimap_parse_response(etpan->session, response) != MAILIMAP_NO_ERROR)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server's answer makes no sense: \"%.80s\"", line->data);
	return NULL;
}

const struct fail *etpan_fetch(struct etpan *etpan, const struct buf *line, struct arena *arena,
			       struct fetched *fetched)
{
	struct mailimap_response *response = NULL;
	const struct fail *f;

	etpan->fetched = fetched;
	f = parse(etpan, line, arena, &response);
	etpan->fetched = NULL;
	if (response)
		mailimap_response_free(response);
	return f;
}

/* The one untagged response that was parsed; NULL if there is none. */
static struct mailimap_response_data *only(struct mailimap_response *response)
{
	clist *list = response->rsp_cont_req_or_resp_data_list;
	struct mailimap_cont_req_or_resp_data *data;

	if (!list || clist_isempty(list))
		return NULL;
	data = clist_content(clist_begin(list));
	return data->rsp_type == MAILIMAP_RESP_RESP_DATA ? data->rsp_data.rsp_resp_data : NULL;
}

const struct fail *etpan_flags(struct etpan *etpan, const struct buf *line, struct arena *arena,
			       struct flags *flags)
{
	struct mailimap_response *response = NULL;
	struct mailimap_response_data *data;
	const struct fail *f = parse(etpan, line, arena, &response);

	if (f)
		return f;
	data = only(response);
	buf_clear(&etpan->words);
	if (data && data->rsp_type == MAILIMAP_RESP_DATA_TYPE_MAILBOX_DATA &&
	    data->rsp_data.rsp_mailbox_data->mbd_type == MAILIMAP_MAILBOX_DATA_FLAGS) {
		clist *list = data->rsp_data.rsp_mailbox_data->mbd_data.mbd_flags->fl_list;

		for (clistiter *i = list ? clist_begin(list) : NULL; i; i = clist_next(i))
			flag_add(&etpan->words, clist_content(i));
	}
	*flags = flags_parse(arena, etpan->words.data);
	mailimap_response_free(response);
	return NULL;
}

/* The data of an extension that parse() left in the session. */
static void *extension_data(struct etpan *etpan, int id, int type)
{
	struct mailimap_response_info *info = etpan->session->imap_response_info;

	for (clistiter *i = info ? clist_begin(info->rsp_extension_list) : NULL; i;
	     i = clist_next(i)) {
		struct mailimap_extension_data *data = clist_content(i);

		if (data->ext_extension->ext_id == id && data->ext_type == type)
			return data->ext_data;
	}
	return NULL;
}

static void permanent_take(struct etpan *etpan, clist *list, struct arena *arena, struct code *code)
{
	buf_clear(&etpan->words);
	for (clistiter *i = list ? clist_begin(list) : NULL; i; i = clist_next(i)) {
		struct mailimap_flag_perm *flag = clist_content(i);

		if (flag->fl_type == MAILIMAP_FLAG_PERM_ALL)
			code->any_keyword = true;
		else
			flag_add(&etpan->words, flag->fl_flag);
	}
	code->flags = flags_parse(arena, etpan->words.data);
}

const struct fail *etpan_code(struct etpan *etpan, const struct buf *line, struct arena *arena,
			      struct code *code)
{
	struct mailimap_response *response = NULL;
	const struct mailimap_uidplus_resp_code_apnd *append;
	const struct mailimap_uidplus_resp_code_copy *copy;
	struct mailimap_response_data *data;
	const struct fail *f = parse(etpan, line, arena, &response);

	if (f)
		return f;
	data = only(response);
	if (code->kind == CODE_PERMANENTFLAGS && data &&
	    data->rsp_type == MAILIMAP_RESP_DATA_TYPE_COND_STATE) {
		struct mailimap_resp_text_code *text =
			data->rsp_data.rsp_cond_state->rsp_text->rsp_code;

		if (text && text->rc_type == MAILIMAP_RESP_TEXT_CODE_PERMANENTFLAGS)
			permanent_take(etpan, text->rc_data.rc_perm_flags, arena, code);
	}
	append = extension_data(etpan, MAILIMAP_EXTENSION_UIDPLUS, MAILIMAP_UIDPLUS_RESP_CODE_APND);
	copy = extension_data(etpan, MAILIMAP_EXTENSION_UIDPLUS, MAILIMAP_UIDPLUS_RESP_CODE_COPY);
	if (code->kind == CODE_APPENDUID && append) {
		code->number = append->uid_uidvalidity;
		ranges_take(arena, append->uid_set, &code->to, &code->to_count);
	} else if (code->kind == CODE_COPYUID && copy) {
		code->number = copy->uid_uidvalidity;
		ranges_take(arena, copy->uid_source_set, &code->from, &code->from_count);
		ranges_take(arena, copy->uid_dest_set, &code->to, &code->to_count);
	}
	mailimap_response_free(response);
	return NULL;
}

const struct fail *etpan_vanished(struct etpan *etpan, const struct buf *line, struct arena *arena,
				  struct answer *answer)
{
	struct mailimap_response *response = NULL;
	const struct mailimap_qresync_vanished *vanished;
	const struct fail *f = parse(etpan, line, arena, &response);

	if (f)
		return f;
	vanished =
		extension_data(etpan, MAILIMAP_EXTENSION_QRESYNC, MAILIMAP_QRESYNC_TYPE_VANISHED);
	if (vanished) {
		answer->earlier = vanished->qr_earlier;
		ranges_take(arena, vanished->qr_known_uids, &answer->ranges, &answer->range_count);
	} else {
		f = fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server's VANISHED makes no sense");
	}
	mailimap_response_free(response);
	return f;
}
