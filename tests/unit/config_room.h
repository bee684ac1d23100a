/* What the tests of config/ share: a throw-away directory, and a configuration read from a string with
 * its mistakes as one text. */
#ifndef TESTS_UNIT_CONFIG_ROOM_H
#define TESTS_UNIT_CONFIG_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "config/config.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* An account that lacks nothing; `body` begins on line 6. */
#define ACCOUNT(body)                                                                          \
	"account \"x\" {\n\tserver = \"mail.example.com\"\n\tuser = jane\n"                    \
	"\tpassword-command = \"true\"\n\tstore = \"/store/x\"\n" body "}\n"

static char room_path[32];
static char room_config[64];

static inline int room_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline int room_set_up(void **state)
{
	(void)state;
	snprintf(room_path, sizeof room_path, "/tmp/koc-config-XXXXXX");
	if (!mkdtemp(room_path))
		return -1;
	snprintf(room_config, sizeof room_config, "%s/config", room_path);
	return setenv("HOME", "/home/jane", 1);
}

static inline int room_tear_down(void **state)
{
	(void)state;
	return nftw(room_path, room_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void room_put(const char *path, const void *data, size_t size, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* Takes the lines without "DIRECTORY/": "config:3: …". */
static inline void room_report(void *context, const char *line)
{
	size_t size = strlen(room_path);

	if (strncmp(line, room_path, size) == 0)
		line += size + 1;
	buf_addf(context, "%s\n", line);
}

/* Reads room_config; the mistakes go to `lines`.  The configuration, or NULL. */
static inline struct config *room_read(struct buf *lines)
{
	struct config *config = NULL;
	const struct fail *fail;

	buf_clear(lines);
	fail = config_read(room_config, room_report, lines, &config);
	if (fail) {
		assert_int_equal(fail->code, FAIL_CONFIG);
		assert_int_equal(fail->scope, FAIL_ALL);
		assert_null(config);
		assert_true(lines->size > 0);
	} else {
		assert_non_null(config);
		assert_string_equal(lines->data, "");
	}
	return config;
}

static inline struct config *room_read_text(struct buf *lines, const char *text)
{
	room_put(room_config, text, strlen(text), 0600);
	return room_read(lines);
}

#endif
