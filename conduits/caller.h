#ifndef CM_CALLER_H
#define CM_CALLER_H

/* Who has called cm-queue in qmail-queue's place: anybody, from anywhere, and with whatever
 * environment; it may be set-user-ID. */

#include <sys/types.h>

struct caller {
  uid_t uid;         /* whose it is */
  pid_t pid;
  int listens;       /* it has descriptor 6 open, to hear why */
};

/* First of all: know it, be the account that we run as and nobody else, bring signals,
 * descriptors and environment into order, and work in the port's directory: this one, or
 * ports/queue of the suite, where dir is 0. 0; or an exit code of qmail-queue(8) with *why,
 * and errno or 0. */
int caller_meet(struct caller *c, const char *dir, const char **why);

/* Say these bytes on its descriptor 6. 1; 0: it does not listen. */
int caller_hears(const struct caller *c, const char *words, size_t len);

/* Does it still wait for our exit code? 1 or 0. */
int caller_waits(const struct caller *c);

#endif
