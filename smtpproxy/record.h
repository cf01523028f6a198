#ifndef CM_RECORD_H
#define CM_RECORD_H

#include "session.h"

/* Write the transaction's line of the mail log, cm-maillog(5), once. A log that
 * cannot be written is told on descriptor 2 and stops no mail. */
void record(struct session *s);

/* At the end: if descriptor 2 did not take all lines, cm-log(5), their number goes into
 * $CM_HOME/log/dropped. */
void record_dropped(const struct session *s);

#endif
