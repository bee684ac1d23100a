/* textform: the text form of messages, made without a server.
 *
 *	textform --structure FILE...          the structure that the messages' own bytes tell
 *	textform --bodystructure              the same for values of BODYSTRUCTURE, one a line on standard input
 *	textform --compose DIRECTORY FILE...  writes the text form of each into the directory, and one line a
 *	                                      message: NAME, then "whole: WHY" or the sections that were used;
 *	                                      a section of HTML ends with "h"
 *	textform --read PORT USER MAILBOX HOW DIRECTORY
 *	                                      reads all messages of a mailbox at a server on loopback, HOW "text"
 *	                                      or "whole", into files named by UID; one line a message: its UID,
 *	                                      "text" or "whole", the size and header digest of its print; the
 *	                                      last line: bytes that came in, and turns
 *	textform --sections PORT USER MAILBOX DIRECTORY
 *	                                      of UIDs and sections, "3 1.2" a line on standard input, reads each
 *	                                      and decodes it into a file UID.SECTION; one line for each: UID,
 *	                                      section, "ok", "as sent" or "fail: WHY"; the last line as above
 *	textform --parts DIRECTORY FILE...    the parts that files tell of: NAME, "here" or "stub", section, type,
 *	                                      size, name; what is here is decoded into a file NAME.NUMBER
 *	textform --html CHARSET FILE...       the text of HTML; CHARSET "" unknown
 *	textform --find FILE...               what is found in each: NAME, then "no text form" or the mark, the
 *	                                      number of stubs, and what is odd */
#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "format/attachment.h"
#include "format/entity.h"
#include "format/html.h"
#include "net/connect.h"
#include "store/imap/imap.h"
#include "store/imap/structure.h"
#include "structure_show.h"
#include "textform_make.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fatal(const struct fail *f)
{
	if (f) {
		fprintf(stderr, "textform: %s\n", f->text);
		exit(1);
	}
}

static void read_file(const char *name, struct buf *content)
{
	FILE *file = fopen(name, "rb");
	char data[8192];
	size_t got;

	buf_clear(content);
	while (file && (got = fread(data, 1, sizeof data, file)) > 0)
		buf_add(content, data, got);
	if (!file || ferror(file) || fclose(file)) {
		perror(name);
		exit(1);
	}
}

static void write_file(const char *name, const struct buf *content)
{
	FILE *file = fopen(name, "wb");

	if (!file || fwrite(content->data, 1, content->size, file) != content->size || fclose(file)) {
		perror(name);
		exit(1);
	}
}

static void show(const struct structure *structure)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	structure_show(&out, structure);
	fwrite(out.data, 1, out.size, stdout);
	puts(".");
	buf_free(&out);
}

static void show_message(const char *name, const struct buf *message)
{
	struct arena *arena = arena_new();

	(void)name;
	show(structure_of(arena, message->data, message->size));
	arena_free(arena);
}

static int show_values(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, stdin)) > 0) {
		struct arena *arena = arena_new();

		if (line[size - 1] == '\n')
			size--;
		show(structure_read(arena, line, (size_t)size));
		arena_free(arena);
	}
	free(line);
	return 0;
}

/* ---- composing ---------------------------------------------------------------------------- */

static const char *directory;

static void compose_message(const char *name, const struct buf *message)
{
	struct arena *arena = arena_new();
	struct textform_plan plan;
	struct buf out;
	char path[4096];

	name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	buf_init(&out, SIZE_MAX);
	textform_of(message->data, message->size, arena, &plan, &out);
	printf("%s", name);
	if (plan.whole) {
		printf(" whole: %s\n", plan.whole);
	} else {
		for (size_t i = 0; i < plan.count; i++)
			printf(" %s%s", plan.sections[i].part->section, plan.sections[i].made ? "h" : "");
		puts("");
		snprintf(path, sizeof path, "%s/%s", directory, name);
		write_file(path, &out);
	}
	buf_free(&out);
	arena_free(arena);
}

static const char *charset;

static void show_html(const char *name, const struct buf *html)
{
	struct buf out;

	(void)name;
	buf_init(&out, SIZE_MAX);
	fatal(html_text(html->data, html->size, *charset ? charset : NULL, &out));
	fwrite(out.data, 1, out.size, stdout);
	buf_free(&out);
}

/* ---- recognising -------------------------------------------------------------------------- */

static void find_message(const char *name, const struct buf *message)
{
	struct textform_find *find = textform_find_begin();
	struct textform_found found;
	char hex[2 * DIGEST_SIZE + 1];

	for (size_t at = 0; at < message->size; at += 1000)
		if (!textform_find_add(find, message->data + at,
				       message->size - at < 1000 ? message->size - at : 1000))
			break;
	textform_find_end(find, &found);
	name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	if (!found.stubs) {
		printf("%s no text form\n", name);
		return;
	}
	str_hex(hex, found.mark.head.bytes, DIGEST_SIZE);
	printf("%s %s %u %u %s %s stubs %zu%s%s\n", name, found.mark.account, found.mark.validity,
	       found.mark.uid, found.mark.section, hex, found.stubs, found.mixed ? " mixed" : "",
	       found.enclosed ? " enclosed" : "");
}

/* ---- reading from a server ---------------------------------------------------------------- */

struct server {
	struct store *store;
	struct spool spool;
	struct arena *arena;
	const struct store_folder *folder;
};

/* Opens a mailbox: PORT USER MAILBOX. */
static void server_open(struct server *server, char **words, const char *spool)
{
	struct imap_options options = { .host = "127.0.0.1", .port = words[0], .plain = true, .user = words[1],
					.secret = "secret", .timeout = 60, .account = "test" };
	struct folder_list folders;

	server->store = imap_open(&options);
	server->arena = arena_new();
	server->spool = (struct spool){ .directory = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					.prefix = "spool-" };
	server->store->spool = &server->spool;
	directory = spool;
	fatal(store_folders(server->store, NULL, 0, server->arena, &folders));
	server->folder = NULL;
	for (size_t i = 0; i < folders.count; i++)
		if (strcmp(folders.items[i].name, words[2]) == 0)
			server->folder = &folders.items[i];
	if (server->folder)
		return;
	fprintf(stderr, "textform: no mailbox %s\n", words[2]);
	exit(1);
}

static void server_close(struct server *server)
{
	printf("%llu bytes %llu turns\n", (unsigned long long)imap_counts(server->store).in,
	       (unsigned long long)imap_counts(server->store).turns);
	store_close(server->store);
	close(server->spool.directory);
	arena_free(server->arena);
}

static const struct fail *message_write(void *context, struct read *read)
{
	char path[4096], hex[2 * DIGEST_SIZE + 1];
	struct buf content;
	uint64_t offset = 0;
	size_t got = 1;

	(void)context;
	if (read->fail) {
		printf("%s fail: %s\n", read->ref, read->fail->text);
		return NULL;
	}
	buf_init(&content, SIZE_MAX);
	while (got) {
		char piece[8192];

		fatal(body_read_wire(read->body, &offset, piece, sizeof piece, &got));
		buf_add(&content, piece, got);
	}
	snprintf(path, sizeof path, "%s/%lu", directory, strtoul(read->ref, NULL, 10));
	write_file(path, &content);
	str_hex(hex, read->print.head.bytes, DIGEST_SIZE);
	printf("%lu %s %llu %s\n", strtoul(read->ref, NULL, 10), read->text ? "text" : "whole",
	       (unsigned long long)read->print.size, hex);
	buf_free(&content);
	body_free(read->body);
	return NULL;
}

static int read_messages(char **words)
{
	struct server server;
	struct look look = { .cursor = "" };
	struct read *reads;

	server_open(&server, words, words[4]);
	look.folder = server.folder;
	fatal(store_list(server.store, &look, 1));
	fatal(look.fail);
	reads = arena_alloc(server.arena, (look.listing->count + 1) * sizeof *reads);
	for (size_t i = 0; i < look.listing->count; i++)
		reads[i] = (struct read){ .folder = look.folder,
					  .ref = look.listing->entries[i].ref,
					  .part = strcmp(words[3], "text") == 0 ? PART_TEXT : PART_WHOLE };
	fatal(store_read(server.store, reads, look.listing->count, message_write, NULL, server.arena));
	listing_free(look.listing);
	server_close(&server);
	return 0;
}

/* ---- parts -------------------------------------------------------------------------------- */

static int decoded_create(const char *name)
{
	int fd = openat(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static const struct fail *section_write(void *context, struct read *read)
{
	unsigned long uid = strtoul(read->ref, NULL, 10);
	struct entity *entity;
	uint64_t offset = 0;
	bool decoded;
	char data[4096];
	size_t got = 1;
	int fd;

	(void)context;
	if (read->fail) {
		printf("%lu %s fail: %s\n", uid, read->section, read->fail->text);
		return NULL;
	}
	snprintf(data, sizeof data, "%s/%lu.%s", directory, uid, read->section);
	fd = decoded_create(data);
	entity = entity_begin(fd);
	while (got) {
		fatal(body_read(read->body, offset, data, sizeof data, &got));
		fatal(entity_add(entity, data, got));
		offset += got;
	}
	fatal(entity_end(entity, &decoded));
	printf("%lu %s %s\n", uid, read->section, decoded ? "ok" : "as sent");
	close(fd);
	body_free(read->body);
	return NULL;
}

static int read_sections(char **words)
{
	struct server server;
	struct {
		VEC(struct read)
	} reads = { 0 };
	unsigned uid;
	char section[400];

	server_open(&server, words, words[3]);
	while (scanf("%u %399s", &uid, section) == 2)
		*vec_push(&reads) = (struct read){ .folder = server.folder,
						   .ref = arena_printf(server.arena, "%010u", uid),
						   .part = PART_SECTION,
						   .section = arena_str(server.arena, section) };
	fatal(store_read(server.store, reads.items, reads.count, section_write, NULL, server.arena));
	vec_free(&reads);
	server_close(&server);
	return 0;
}

static void show_parts(const char *name, const struct buf *message)
{
	struct attachment_find *find = attachment_find_begin();
	struct arena *arena = arena_new();
	struct attachments all;

	name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	attachment_find_add(find, message->data, message->size);
	attachment_find_end(find, arena, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct attachment *part = &all.items[i];
		struct entity *entity;
		bool decoded = true;
		char path[4096];
		int fd;

		printf("%s %s %s %s %llu %s\n", name, part->here ? "here" : "stub",
		       part->section ? part->section : "-", part->type, (unsigned long long)part->size,
		       part->name ? part->name : "-");
		if (!part->here)
			continue;
		snprintf(path, sizeof path, "%s/%s.%zu", directory, name, i);
		fd = decoded_create(path);
		entity = entity_begin(fd);
		fatal(entity_add(entity, message->data + part->at, (size_t)(part->end - part->at)));
		fatal(entity_end(entity, &decoded));
		close(fd);
	}
	arena_free(arena);
}

/* ---- the program -------------------------------------------------------------------------- */

static void each(char **names, int count, void (*act)(const char *name, const struct buf *message))
{
	struct buf message;

	buf_init(&message, SIZE_MAX);
	for (int i = 0; i < count; i++) {
		read_file(names[i], &message);
		act(names[i], &message);
	}
	buf_free(&message);
}

int main(int count, char **words)
{
	if (count > 2 && strcmp(words[1], "--structure") == 0)
		each(words + 2, count - 2, show_message);
	else if (count == 2 && strcmp(words[1], "--bodystructure") == 0)
		return show_values();
	else if (count > 3 && strcmp(words[1], "--compose") == 0)
		directory = words[2], each(words + 3, count - 3, compose_message);
	else if (count == 7 && strcmp(words[1], "--read") == 0)
		return read_messages(words + 2);
	else if (count == 6 && strcmp(words[1], "--sections") == 0)
		return read_sections(words + 2);
	else if (count > 3 && strcmp(words[1], "--parts") == 0)
		directory = words[2], each(words + 3, count - 3, show_parts);
	else if (count > 3 && strcmp(words[1], "--html") == 0)
		charset = words[2], each(words + 3, count - 3, show_html);
	else if (count > 2 && strcmp(words[1], "--find") == 0)
		each(words + 2, count - 2, find_message);
	else
		return fprintf(stderr, "usage: see the head of tests/tools/textform.c\n"), 64;
	return 0;
}
