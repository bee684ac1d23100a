/* A bench for the store contract: the DAV driver on a real server, and another program beside it. */
#ifndef KOC_TESTS_DAVBENCH_H
#define KOC_TESTS_DAVBENCH_H

#include "contract/contract.h"

#include "davserver.h"
#include "net/xml.h"
#include "store/dav/dav.h"
#include "store/path.h"

#include <dirent.h>
#include <fcntl.h>

static struct medium {
	struct davserver server;
	const char *program;
	const char *homes[2]; /* paths, with a slash at the end */
	size_t home_count;
	const char *home; /* the one of the bench's kind */
	char urls[2][96];
	bool rights_known, tls;
} medium;

/* ---- asking the server as another program would -------------------------------------------- */

/* Whole answers only: HTTP/1.0 servers and nginx send bodies of known length, or in chunks. */
static void unchunk(struct buf *body)
{
	struct buf whole;
	char *at = body->data, *end;

	if (!body->size || *at == '<')
		return;
	buf_init(&whole, body->limit);
	for (;;) {
		size_t size = strtoul(at, &end, 16);

		if (!size || end == at || strncmp(end, "\r\n", 2) != 0)
			break;
		buf_add(&whole, end + 2, size);
		at = end + 2 + size + 2;
	}
	buf_free(body);
	*body = whole;
}

struct search {
	const char *title; /* NULL: any collection */
	char href[256];    /* the last found; "" none */
	void (*each)(const char *href);
};

static const struct fail *search_take(void *context, const struct xml_response *response)
{
	struct search *search = context;
	const struct xml_property *type = xml_property(response, XML_DAV, "resourcetype");
	const struct xml_property *name = xml_property(response, XML_DAV, "displayname");

	if (!type || (!xml_has(type, XML_CALDAV, "calendar") && !xml_has(type, XML_CARDDAV, "addressbook")))
		return NULL;
	if (search->title && (!name || strcmp(name->text, search->title) != 0))
		return NULL;
	snprintf(search->href, sizeof search->href, "%s", response->href);
	if (search->each)
		search->each(response->href);
	return NULL;
}

static void search_run(struct search *search, const char *home)
{
	static const char body[] = "<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop><resourcetype/>"
				   "<displayname/></prop></propfind>";
	struct davanswer answer;
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, search_take, search);

	davserver_ask(&medium.server, "PROPFIND", home, "Depth: 1\r\nContent-Type: application/xml\r\n", body,
		      sizeof body - 1, &answer);
	assert_int_equal(answer.status, 207);
	unchunk(&answer.body);
	assert_null(xml_add(xml, answer.body.data, answer.body.size));
	assert_null(xml_end(xml));
	xml_free(xml);
	buf_free(&answer.body);
}

/* The title of a folder's collection; in a static buffer. */
static const char *title_of(const char *path)
{
	static char title[512];
	const char *last = strrchr(path, '/') + 1;
	struct buf out;

	buf_init(&out, sizeof title - 1);
	assert_true(path_component_unescape(&out, last, strlen(last)));
	snprintf(title, sizeof title, "%s", out.data);
	buf_free(&out);
	return title;
}

/* The href of a folder's collection, of one of its items; in a static buffer. */
static const char *href_of(const char *path, const char *ref)
{
	static char href[512];
	struct search search = { .title = title_of(path) };

	search_run(&search, medium.home);
	assert_true(search.href[0] != '\0');
	snprintf(href, sizeof href, "%s%s", search.href, ref);
	return href;
}

static bool ask(const char *method, const char *href, const char *headers, const char *body, size_t size)
{
	struct davanswer answer;
	bool ok;

	davserver_ask(&medium.server, method, href, headers, body, size, &answer);
	ok = answer.status >= 200 && answer.status < 300 && answer.status != 207;
	buf_free(&answer.body);
	return ok;
}

static bool put_body(const struct bench *bench, const char *href, const char *headers, struct body *body)
{
	char *data = malloc((size_t)body->size + 1), lines[256];
	size_t got;
	bool ok;

	assert_null(body_read(body, 0, data, (size_t)body->size + 1, &got));
	snprintf(lines, sizeof lines, "Content-Type: %s\r\n%s",
		 bench->kind == KIND_CONTACTS ? "text/vcard" : "text/calendar", headers);
	ok = ask("PUT", href, lines, data, got);
	free(data);
	return ok;
}

/* ---- the bench ------------------------------------------------------------------------------ */

/* A check that failed leaves its bodies behind. */
static void directory_empty(int directory)
{
	DIR *all = fdopendir(dup(directory));
	struct dirent *entry;

	rewinddir(all);
	while ((entry = readdir(all)))
		unlinkat(directory, entry->d_name, 0);
	closedir(all);
}

static void drop(const char *href)
{
	assert_true(ask("DELETE", href, "", "", 0));
}

/* The file of rights, which Radicale reads anew for each request: `href` can only be read; NULL: all as at
 * the start. */
static bool rights_write(const char *href)
{
	static char rules[4096];
	static size_t size;
	char name[96];
	FILE *file;

	snprintf(name, sizeof name, "%s/rights", medium.server.directory);
	file = fopen(name, medium.rights_known ? "w" : "r+");
	if (!file)
		return false;
	if (!medium.rights_known)
		size = fread(rules, 1, sizeof rules, file);
	medium.rights_known = true;
	rewind(file);
	if (href)
		fprintf(file, "[only]\nuser: .+\ncollection: %.*s\npermissions: r\n", (int)strlen(href) - 2,
			href + 1);
	fwrite(rules, 1, size, file);
	return fclose(file) == 0;
}

static void fresh(struct bench *bench)
{
	struct search search = { .each = drop };

	if (bench->make_read_only)
		assert_true(rights_write(NULL));
	directory_empty(bench->spool);
	for (size_t i = 0; i < medium.home_count; i++)
		search_run(&search, medium.homes[i]);
}

static struct store *open_store(struct bench *bench)
{
	static const char *urls[2];
	struct dav_options options = {
		.urls = urls,
		.url_count = medium.home_count,
		.user = "alice",
		.secret = "secret",
		.timeout = 20,
		.ca_file = medium.tls ? medium.server.ca : NULL,
		.plain = !medium.tls,
		.now = 1700000000,
	};

	(void)bench;
	for (size_t i = 0; i < medium.home_count; i++)
		urls[i] = medium.urls[i];
	return dav_open(&options);
}

static bool add_folder(struct bench *bench, const char *path)
{
	static unsigned made;
	char href[128];

	snprintf(href, sizeof href, "%sother-%u/", medium.home, ++made);
	return davserver_make(&medium.server, href, title_of(path),
			      bench->kind == KIND_CONTACTS ? NULL : "VEVENT");
}

static bool remove_folder(struct bench *bench, const char *path)
{
	(void)bench;
	return ask("DELETE", href_of(path, ""), "", "", 0);
}

static bool add(struct bench *bench, const char *path, const char *key, struct body *body, struct flags flags)
{
	char name[64];

	(void)flags;
	snprintf(name, sizeof name, "by-other-%s.%s", key, bench->kind == KIND_CONTACTS ? "vcf" : "ics");
	return put_body(bench, href_of(path, name), "If-None-Match: *\r\n", body);
}

static bool edit(struct bench *bench, const char *path, const char *ref, struct body *body)
{
	return put_body(bench, href_of(path, ref), "", body);
}

static bool remove_item(struct bench *bench, const char *path, const char *ref)
{
	(void)bench;
	return ask("DELETE", href_of(path, ref), "", "", 0);
}

static bool make_read_only(struct bench *bench, const char *path)
{
	(void)bench;
	return rights_write(href_of(path, ""));
}

/* ---- servers --------------------------------------------------------------------------------- */

struct level {
	const char *name, *program;
	enum kind kind;
	const char *const *arguments;
	const char *homes[2], *home;
	bool tls;       /* and so HTTP/2, by the nginx in front */
	bool read_only; /* a collection can be made so */
	uint32_t can;   /* beyond what all can */
};

static int level_run(const struct level *level)
{
	char spool[] = "/tmp/koc-dav-spool-XXXXXX";
	struct bench bench = {
		.name = level->name,
		.kind = level->kind,
		.can = CAN_EDIT | CAN_TELL_NEWS | CAN_REMOVE_ALONE | CAN_TELL_REVISIONS | CAN_RENAME |
		       level->can,
		.least = 45,
		.fresh = fresh,
		.open = open_store,
		.add_folder = add_folder,
		.remove_folder = remove_folder,
		.add = add,
		.edit = edit,
		.remove = remove_item,
		.make_read_only = level->read_only ? make_read_only : NULL,
	};
	int failed;

	medium = (struct medium){ .program = level->program, .home = level->home, .tls = level->tls };
	if (!davserver_start(&medium.server, level->program, level->arguments) || !mkdtemp(spool)) {
		print_error("%s: no server\n", level->name);
		return 1;
	}
	for (size_t i = 0; i < 2 && level->homes[i]; i++) {
		medium.homes[medium.home_count] = level->homes[i];
		snprintf(medium.urls[medium.home_count++], sizeof medium.urls[0], "%s://127.0.0.1:%s%s",
			 level->tls ? "https" : "http", level->tls ? medium.server.https : medium.server.http,
			 level->homes[i]);
	}
	bench.spool = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	failed = contract_run(&bench);
	directory_empty(bench.spool);
	close(bench.spool);
	rmdir(spool);
	davserver_stop(&medium.server);
	return failed;
}

#endif
