#ifndef CM_XCLIENT_H
#define CM_XCLIENT_H

/* XCLIENT and XFORWARD, Postfix's extensions, from the peers in control/xclient: by the
 * first they become their client, with its rights; by the second they only say who it is,
 * until the end of the transaction, and keep their own. */

#include "session.h"

/* Append the lines of both in the answer to EHLO, for whom they are. 1, or 0 without memory. */
int xclient_offer(const struct session *s, stralloc *reply);

/* EHLO or HELO was said: who used XCLIENT has become its client now, and has the name
 * that it gave there. */
void xclient_settle(struct session *s);

/* The commands with what stands behind them. Their replies; greeting: that of XCLIENT. */
const char *xclient_take(struct session *s, const char *args, size_t len, const char *greeting);
const char *xclient_forward(struct session *s, const char *args, size_t len);

#endif
