#ifndef CM_REVISION_H
#define CM_REVISION_H

/* The message of a run as the rewriters left it: run->message, of run->size bytes. */

#include "run.h"

/* The run is on what fd has. What is no file (a pipe) becomes one that nobody can change, in
 * memory. 1; -1 with errno. fd stays the caller's. */
int revision_take(struct run *run, int fd);

/* The message in an open file description of a stage's own, which the caller closes. Nobody
 * else moves its offset: no other stage of the paragraph, and no daemon that an earlier one
 * has handed it to. Without /proc the message is copied into memory first. -1 with errno. */
int revision_open(struct run *run);

/* A rewriter's message, which is fd's from now on, takes its place, unless it is the same. */
void revision_replace(struct run *run, int fd, unsigned long size);

#endif
