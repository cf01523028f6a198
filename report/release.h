#ifndef CM_RELEASE_H
#define CM_RELEASE_H

/* Releasing a stored message: its bytes and its envelope go to the upstream of its
 * port, once. What became of it stands in ID.rel, a line for each step and
 * address, on the disk before the step is taken; cm-quarantine(8). */

#include "stored.h"

enum release {
  RELEASE_NONE,      /* nobody has tried */
  RELEASE_DONE,      /* everybody it was for has got it */
  RELEASE_PARTLY,    /* some have */
  RELEASE_DOUBT,     /* somebody may have it */
  RELEASE_BUSY,      /* a process is at it */
  RELEASE_FAILED     /* nobody has it: s->why */
};

/* How it stands with this message. -1 with errno. */
int release_state(int dir, const struct stored *s);

/* Release it to its recipients, or to the address in their place, from
 * the directory of its port. again: also to those of whom it is not known. why: what
 * there is to say, 0-terminated; refused: "ADDRESS: ANSWER" a line for those who
 * did not get it. RELEASE_, or -1 with errno. */
int release(int dir, const struct stored *s, const char *address, int again,
            stralloc *why, stralloc *refused);

/* Hold the message of this id against being released, for whoever deletes it, until the
 * next call of these or the end of the process. 1; 0: a process is at it; -1 with errno. */
int release_hold(int dir, const char *id);

#endif
