#ifndef CM_PROFILE_H
#define CM_PROFILE_H

/* What a jail leaves to the program in it, cm-jail(5): a file below control/jail, or
 * one of the profiles that come with the suite. */

#include "owfat.h"

enum { PROFILE_PORTS = 16, PROFILE_ANY = -1 };

struct profile {
  stralloc read, write, run;  /* words of these lines, a 0 behind each */
  stralloc environment;       /* names of variables, likewise */
  stralloc directory;         /* 0-terminated; empty: where it is */
  unsigned int ports[PROFILE_PORTS];
  size_t connect;             /* of them; 0: to any */
  int sockets;                /* deny.h */
  int processes;              /* PROFILE_ANY, or so many */
  unsigned long memory, cpu, file, descriptors, stack;  /* ~0: as it is */
  int unfiltered;             /* no filter of system calls */
  int server;                 /* it may listen, and end what it has started */
  int level;                  /* of Landlock that there must be */
};

/* The text of a profile, appended. 1; 0: there is none of that name; -1 with errno. */
int profile_text(const char *name, stralloc *text);

/* Read a profile. 1; -1: it cannot be used, and error says why and where. */
int profile_read(const char *name, struct profile *p, stralloc *error);

#endif
