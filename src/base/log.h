/* What koc tells while it works: to standard error, by level, made safe for a terminal.  One line is one
 * write(2). */
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

/* Lines go to `sink` (NULL: to standard error again) instead: those of a level that is told, not yet made
 * safe.  A worker process hands them to the one that has the terminal. */
typedef void log_sink(void *context, const char *text);
void log_set_sink(log_sink *sink, void *context);

#endif
