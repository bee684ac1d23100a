/* The terminal. */
#include "base/terminal.h"

#include "base/buf.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MOST    512

/* Code points that a terminal acts on, or that change the order or the look of what stands around
 * them without being seen (Unicode TR 36, TR 9). */
static const struct {
	uint32_t first, last;
} unsafe[] = {
	{ 0x00, 0x1f },       /* C0 */
	{ 0x7f, 0x9f },       /* DEL, C1 */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x200e, 0x200f },   /* left-to-right and right-to-left mark */
	{ 0x2028, 0x202e },   /* line and paragraph separator, embeddings, overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates, deprecated */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* interlinear annotation */
	{ 0xe0000, 0xe007f }, /* tags */
};

bool terminal_unsafe(uint32_t code)
{
	for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
		if (code >= unsafe[i].first && code <= unsafe[i].last)
			return true;
	return false;
}

void terminal_safe(struct buf *out, const char *text, size_t size)
{
	while (size) {
		uint32_t code = 0;
		size_t length = str_utf8_next(text, size, &code);

		if (!length) {
			buf_addf(out, "\\x%02x", (unsigned char)*text);
			length = 1;
		} else if (terminal_unsafe(code)) {
			buf_addf(out, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
		} else {
			buf_add(out, text, length);
		}
		text += length;
		size -= length;
	}
}

bool terminal_is(void)
{
	static int known = -1;

	if (known < 0)
		known = isatty(STDERR_FILENO) ? 1 : 0;
	return known;
}

static size_t terminal_width(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MOST ? size.ws_col : WIDTH_MOST;
}

size_t terminal_fit(const char *text, size_t size, size_t width)
{
	size_t used = 0;

	while (used < size) {
		uint32_t code = 0;
		size_t length = str_utf8_next(text + used, size - used, &code);
		size_t columns = code >= 0x1100 ? 2 : 1;

		if (!length || columns > width)
			break;
		used += length;
		width -= columns;
	}
	return used;
}

void terminal_wrap(struct buf *out, const char *text, size_t used, size_t indent, size_t width)
{
	size_t left = strlen(text);

	while (left) {
		size_t fits = terminal_fit(text, left, width - used), cut = fits;

		while (fits < left && cut && text[cut] != ' ')
			cut--;
		cut = cut ? cut : fits ? fits : left;
		buf_add(out, text, cut);
		buf_addc(out, '\n');
		text += cut;
		left -= cut;
		while (left && *text == ' ') {
			text++;
			left--;
		}
		if (left)
			buf_addf(out, "%*s", (int)indent, "");
		used = indent;
	}
}

static bool shown; /* a progress line stands on the terminal */

static void terminal_write(const char *data, size_t size)
{
	ssize_t written = write(STDERR_FILENO, data, size);

	(void)written; /* nobody is left to be told */
}

void terminal_progress(const char *format, ...)
{
	char text[1024];
	struct buf safe, line;
	va_list args;

	if (!terminal_is())
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buf_init(&safe, 8 * sizeof text);
	buf_init(&line, 8 * sizeof text);
	terminal_safe(&safe, text, strlen(text));
	buf_adds(&line, "\r");
	buf_add(&line, safe.data, terminal_fit(safe.data, safe.size, terminal_width() - 1));
	buf_adds(&line, "\033[K");
	terminal_write(line.data, line.size);
	shown = true;
	buf_free(&safe);
	buf_free(&line);
}

void terminal_clear(void)
{
	static const char clear[] = "\r\033[K";

	if (shown)
		terminal_write(clear, sizeof clear - 1);
	shown = false;
}
