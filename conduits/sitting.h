#ifndef CM_SITTING_H
#define CM_SITTING_H

/* Judging a visitor's message, in a process of its own, so that others need not wait. What that
 * process says comes by a pipe: the answer to the commit, then lines for OpenSMTPD. */

#include "visitor.h"

#define SITTING_MOST 200   /* at once */

/* Begin for this visitor, whose message is gathered. 1; 0: so many are judged already, and it
 * waits. Where there is no process for it, it is decided. */
int sitting_begin(struct visitor *v, unsigned long most);

/* The message is not wanted any more. */
void sitting_abandon(const struct visitor *v);

/* Wait until there is something to read on descriptor 0, and meanwhile print what sittings have to say; their
 * end is the line with a dot. 1; 0: one has ended, and there is a place. */
int sitting_wait(void);

/* End them all. */
void sitting_end(void);

#endif
