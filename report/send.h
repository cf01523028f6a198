#ifndef CM_SEND_H
#define CM_SEND_H

/* Hand one message to an upstream, the first that answers, and know whether it has it. */

#include "owfat.h"
#include "route.h"
#include "upstream.h"

enum {
  SEND_TAKEN,    /* for those in accepted */
  SEND_REFUSED,  /* for good; nobody has it */
  SEND_LATER,    /* not now; nobody has it */
  SEND_DOUBT     /* all of it went out, and no answer came */
};

struct send {
  const struct upstreams *upstreams;  /* of whom has no route */
  struct routes *routes;
  const char *me;            /* our host name */
  int message;               /* a file, sent whole */
  const char *sender;
  const stralloc *recipients;  /* a line each */
  unsigned long connect, reply;  /* seconds for each */
  int (*before)(struct send *s); /* called when only the end is missing: 1, or 0 to stop here */
  stralloc group;            /* of the recipients: to whom it was sent; SEND_ speaks of them */
  stralloc others;           /* the others, whose mail goes another way: call again for them */
  stralloc accepted;         /* of the group; filled before `before` is called */
  stralloc refused;          /* its others, and why: "ADDRESS: ANSWER", a line each */
  stralloc answer;           /* the last word about it, 0-terminated */
};

/* SEND_. Addresses that cannot stand in a command are SEND_REFUSED. */
int send_message(struct send *s);

#endif
