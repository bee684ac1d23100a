/* What koc tells while it works. */
#include "base/log.h"

#include "base/buf.h"
#include "base/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_MOST 4096 /* bytes of a line, its newline included */

static enum log_level level_now = LOG_NORMAL;
static log_sink *sink_now;
static void *sink_context;

void log_set_level(enum log_level level)
{
	level_now = level;
}

enum log_level log_level(void)
{
	return level_now;
}

void log_set_sink(log_sink *sink, void *context)
{
	sink_now = sink;
	sink_context = context;
}

/* Cuts the line so that it ends with a whole character. */
static void line_cut(struct buf *line, size_t most)
{
	if (line->size <= most)
		return;
	while (most && (line->data[most] & 0xc0) == 0x80)
		most--;
	line->size = most;
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[LOG_MOST];
	struct buf line;
	va_list args;
	ssize_t written;

	if (level > level_now)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (sink_now) {
		sink_now(sink_context, text);
		return;
	}
	buf_init(&line, 8 * LOG_MOST); /* one byte becomes at most six */
	/* A progress line may stand there, of this process or of another one. */
	if (terminal_is())
		buf_adds(&line, "\r\033[K");
	buf_adds(&line, "koc: ");
	terminal_safe(&line, text, strlen(text));
	line_cut(&line, LOG_MOST - 1);
	buf_addc(&line, '\n');
	written = write(STDERR_FILENO, line.data, line.size);
	(void)written; /* nobody is left to be told */
	buf_free(&line);
}
