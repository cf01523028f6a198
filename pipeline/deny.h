#ifndef CM_DENY_H
#define CM_DENY_H

/* The filter of system calls that a jail adds to Landlock: what no stage needs ends
 * it, what this one may not do fails with EPERM, all the rest is allowed. */

#include "seccomp.h"

enum { DENY_LOCAL = 1, DENY_TCP = 2, DENY_UDP = 4, DENY_STEPS = 512, DENY_SELVES = 32 };

struct deny {
  int level;         /* of Landlock: what it cannot refuse at that level is refused here */
  int sockets;       /* kinds that may be made */
  int processes;     /* 1: they may be made */
  int server;        /* 1: it may wait for others on sockets, and signal whom its account may */
  int files;         /* 1: their modes, owners and times may be changed */
  struct seccomp_step steps[DENY_STEPS];
  size_t count;
  size_t selves[DENY_SELVES], self;  /* steps that ask for the number of the process */
};

/* Make the steps. 1; -1 with errno. */
int deny_make(struct deny *d);

/* Be under them, for good. Writes into d; allowed in a child of vfork. 1; -1 with errno. */
int deny_enter(struct deny *d);

#endif
