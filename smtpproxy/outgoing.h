#ifndef CM_OUTGOING_H
#define CM_OUTGOING_H

#include "session.h"
#include "smtpbody.h"

/* Send it to the upstream behind DATA, for these recipients (a line each), encoded anew from lines (RFC 5321,
 * 4.5.2), with the final dot, and read the answer: its code, or -1. A reply
 * before the dot ends it: its code where it is a refusal, else -1. When the dot
 * has gone out and no answer came, that is logged as indoubt. */
int outgoing_smtp(struct session *s, const struct outgoing *o, const stralloc *recipients);

/* Hand it to the queue program, LF at the ends of lines, with an envelope of
 * this sender and these recipients (a line each). 250, 451 or 554, and then why in
 * t.words; or -1: it could not be started; or it crashed or was too slow, and may have
 * the message: that is logged as indoubt. */
int outgoing_queue(struct session *s, const struct outgoing *o, const char *sender,
                   const stralloc *recipients);

#endif
