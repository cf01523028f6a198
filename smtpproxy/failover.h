#ifndef CM_FAILOVER_H
#define CM_FAILOVER_H

#include "session.h"

/* Which of several upstreams gets the mail: the first that answers. Who did not is
 * remembered for a moment, for all processes, in $CM_HOME/state/upstreams, and comes
 * last meanwhile, so that not every connection waits for it; nobody is left out. Where
 * that cannot be written nothing is remembered, and each waits for itself. */

/* Try them with reach, which is told how many seconds connecting and a reply may take,
 * and leave the one that answered in s->to; all of it takes no longer than a client
 * waits. 1; 0: none did, and s->to is the first. */
int failover(struct session *s, const struct upstreams *list,
             int (*reach)(struct session *s, unsigned long connect, unsigned long reply));

#endif
