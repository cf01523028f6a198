#ifndef CM_LOG_H
#define CM_LOG_H

/* The log of a session on descriptor 2, cm-log(5): one event a line, written
 * at once, the id in each. multilog dates and keeps it. */

#include <stddef.h>

/* Levels, added up in control/loglevel; 0 still tells trouble. */
enum {
  LOG_DETAILED = 1,   /* the transcript of both sides */
  LOG_FILTERS  = 2,   /* what stages say on their descriptor 2 */
  LOG_EXTENDED = 16   /* envelope, To, From and Subject of each message */
};

#define LOG_MAX 4096       /* bytes of a line; more is cut. No pipe takes half of so few */
#define LOG_PATIENCE 5000  /* milliseconds that a reader may keep us waiting */

/* Write "EVENT ID PART..." with the parts as they are joined; the backslash,
 * control bytes and what is no UTF-8 that may be shown become \xHH. Ends with (char *) 0.
 * A log that cannot be written stops nothing: the line is counted, and the number goes
 * before the next one that comes through. Who has waited LOG_PATIENCE for a reader does
 * not wait again before that. */
#define log_event(...) log_event_internal(__VA_ARGS__, (char *) 0)
void log_event_internal(const char *event, const char *id, ...) __attribute__((sentinel));

/* The same for one text of len bytes, behind a mark such as "<". */
void log_text(const char *event, const char *id, const char *mark, const char *text, size_t len);

/* How many lines there are that this process has not got rid of. It tries once more to
 * say so there. */
unsigned long log_dropped(void);

#endif
