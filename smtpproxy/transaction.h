#ifndef CM_TRANSACTION_H
#define CM_TRANSACTION_H

#include "session.h"

/* Begin one: an id, the clock, the byte counters. */
void transaction_begin(struct session *s, int utf8);

/* Back to nothing, whatever state it was in: the message is let go, and an
 * upstream that was told of it is told RSET. One that had refused something, and
 * no message, gets its line in the mail log here. Called at EHLO, HELO, RSET, behind
 * the reply to DATA in every outcome, on errors, and at the session's end. */
void transaction_reset(struct session *s);

#endif
