#ifndef CM_ACCOUNT_H
#define CM_ACCOUNT_H

/* One account of cm-fetch: what the control files of its directory say; cm-fetch(8). */

#include "owfat.h"
#include "pop.h"
#include "upstream.h"

struct account {
  struct pop server;            /* control/server */
  stralloc user;                /* all texts are 0-terminated */
  stralloc auth;                /* a mechanism in capitals; "": the best that there is */
  stralloc folder;              /* IMAP; "": INBOX */
  stralloc moveto;              /* IMAP: where letters go that are not wanted any more; "": nowhere */
  unsigned long connect;        /* seconds for connecting */
  unsigned long timeout;        /* seconds for an answer of the server */
  unsigned long most;           /* bytes of the largest letter that is taken; 0: no limit */
  unsigned long deadline;       /* seconds for the filters of one letter */
  unsigned long keep;           /* days that letters stay on the server behind their delivery */
  unsigned long atmost;         /* letters that are fetched in one run; 0: no limit */
  unsigned long interval;       /* seconds between two rounds, where they do not end */
  unsigned long hops;           /* Received fields that a letter may have */
  unsigned long level;          /* control/loglevel, LOG_ flags */
  int fresh;                    /* what is there at the first run is none of ours */
  int filters;                  /* whether the pipeline has a stage */
  struct upstreams upstreams;
  stralloc recipient;           /* of all letters, unless */
  int multidrop;                /* their headers say for whom they are, in */
  stralloc fields;              /* control/multidrop */
  stralloc recipients;          /* control/recipients: patterns of addresses that are ours */
  stralloc fallback;            /* who gets what is nobody's; "": nobody */
  stralloc me;                  /* our name */
};

/* Read them, in the account's directory. 1, or 0 with one line for the log in trouble,
 * 0-terminated. */
int account_read(struct account *a, stralloc *trouble);

#endif
