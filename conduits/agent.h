#ifndef CM_AGENT_H
#define CM_AGENT_H

/* A message from a local delivery agent: qmail-local, Postfix's local, procmail, maildrop. Who
 * sent it and whom it is for stands in the environment, by several names, or in the line of an
 * mbox that stands before the message. */

#include "item.h"

/* Read the message from descriptor 0, without that line, into an item that has begun; and set
 * its sender, its one recipient, or those of $RECIPIENTS, and, by control/hops, the client. As
 * item_end(). */
int agent_read(struct item *i);

/* What goes on top of it where it is delivered: the fields Return-Path and Delivered-To, as the
 * agent has them ($RPLINE and $DTLINE of qmail-command(8)), or where the message has none, as we
 * know them. again: the message goes on to another address, with no Return-Path yet, and
 * only what the agent says keeps it from going in a circle. 1, or 0 without memory. */
int agent_top(const struct item *i, int again, stralloc *top);

#endif
