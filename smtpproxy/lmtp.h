#ifndef CM_LMTP_H
#define CM_LMTP_H

#include "session.h"

/* Behind the final dot LMTP (RFC 2033, 4.2) has a reply for each recipient; SMTP
 * has one. Read them, for these recipients (a line each), and make one of them that
 * a client can act on, as cm-smtpd(8) says:
 *   all taken                       2xx
 *   none taken, somebody may later  4xx
 *   none taken, nobody may          5xx
 *   some taken                      5xx, which tells who has it not: sent again
 *                                   the others would have it twice
 * Its code, with its text in s->upstream, or -1: not all of them came, and that is
 * logged as indoubt. Of one recipient it is what the server said. */
int lmtp_answers(struct session *s, const stralloc *recipients);

#endif
