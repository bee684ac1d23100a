/* What koc tells while it works: to standard error, by level, made safe for a terminal.
 * A child process's lines reach the same place; one line is one write(2). */
#ifndef KOC_BASE_LOG_H
#define KOC_BASE_LOG_H

enum log_level {
	LOG_QUIET = -1, /* -q: failures only */
	LOG_NORMAL = 0,
	LOG_VERBOSE = 1, /* -v: one line an operation */
	LOG_WIRE = 2     /* -vv: what goes over the wire, secrets masked */
};

void log_set_level(enum log_level level);
enum log_level log_level(void);

/* Prints "koc: TEXT\n" if the level is at least `level`.  Control characters and what terminals act
 * on are escaped (terminal.h).  Long lines are cut at 4,096 bytes. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
