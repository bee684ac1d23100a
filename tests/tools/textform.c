/* textform: the text form of messages, made without a server.
 *
 *	textform --structure FILE...    the structure that the messages' own bytes tell
 *	textform --bodystructure        the same for values of BODYSTRUCTURE, one a line on standard input */
#include "base/arena.h"
#include "base/buf.h"
#include "format/mime.h"
#include "store/imap/structure.h"
#include "structure_show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fatal(const char *what)
{
	perror(what);
	exit(1);
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

static void show_message(const char *name)
{
	struct arena *arena = arena_new();
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);
	FILE *file = fopen(name, "rb");
	char data[8192];
	size_t got;

	if (!file)
		fatal(name);
	while ((got = fread(data, 1, sizeof data, file)) > 0)
		mime_add(mime, data, got);
	if (fclose(file))
		fatal(name);
	mime_end(mime);
	show(structure);
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

int main(int count, char **words)
{
	if (count > 2 && strcmp(words[1], "--structure") == 0) {
		for (int i = 2; i < count; i++)
			show_message(words[i]);
		return 0;
	}
	if (count == 2 && strcmp(words[1], "--bodystructure") == 0)
		return show_values();
	fprintf(stderr, "usage: textform --structure FILE... | --bodystructure\n");
	return 64;
}
