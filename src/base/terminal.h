/* The terminal: text made safe for it, the progress line. */
#ifndef KOC_BASE_TERMINAL_H
#define KOC_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Is it a character that a terminal could act on, or that could mislead the reader?  See below. */
bool terminal_unsafe(uint32_t code);

/* Appends `text` with everything escaped that a terminal could act on or that could mislead the
 * reader: C0, DEL, C1, invalid UTF-8, bidirectional overrides and isolates, as \xNN or \u{N}. */
void terminal_safe(struct buf *out, const char *text, size_t size);

/* How many bytes of `text` surely fit into `width` columns: from the first wide script on every character
 * counts as two. */
size_t terminal_fit(const char *text, size_t size, size_t width);

/* Appends the text (safe already) as lines of at most `width` columns, cut at its spaces if it has any; all
 * but the first begin with `indent` spaces, the first has `used` columns before it. */
void terminal_wrap(struct buf *out, const char *text, size_t used, size_t indent, size_t width);

/* Is standard error a terminal? */
bool terminal_is(void);

/* Shows the progress line (carriage return, text cut to the width, clear to the end); nothing when
 * standard error is no terminal.  terminal_clear removes it before other output. */
void terminal_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void terminal_clear(void);

#endif
