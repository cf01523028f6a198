#ifndef CM_LIMIT_H
#define CM_LIMIT_H

/* control/limits: what one client may do, cm-control(5). guard.h keeps to it. */

#include "block.h"
#include "owfat.h"

/* BLOCK_CONNECTIONS and so on, and: */
enum { LIMIT_BLOCKED = BLOCK_REASONS, LIMIT_ALL };

struct limit {
  unsigned long most;   /* 0: no limit */
  unsigned long time;   /* seconds in which it counts */
  unsigned long block;  /* seconds for which who is above it is blocked; 0: not at all */
  const char *text;     /* what the client hears, with its code */
};

struct limits {
  int any;              /* there is such a file, and something in it */
  struct limit of[LIMIT_ALL];
  stralloc file;        /* as it was read; the texts stand there */
  stralloc unlimited;   /* control/unlimited, base/networks.h: for whom no limit counts */
};

/* Read both files. 1, or 0 with one line for the log in trouble, 0-terminated. */
int limit_read(struct limits *l, stralloc *trouble);

#endif
