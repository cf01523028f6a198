#ifndef CM_SETTINGS_H
#define CM_SETTINGS_H

/* What the control files of an SMTP port say; cm-control(5). Read once for
 * each connection, so there is nothing to reload. */

#include "limit.h"
#include "owfat.h"
#include "route.h"
#include "upstream.h"

struct settings {
  stralloc me;                  /* our name: greeting, Received, EHLO; 0-terminated */
  struct upstreams upstreams;   /* control/upstream */
  struct routes routes;         /* control/routes */
  unsigned int offers;          /* control/offers: what every upstream of a route can do, SMTPC_ flags */
  int onepolicy;                /* control/one-policy: who is filtered in another way comes apart */
  stralloc recipients;          /* control/recipients as it is */
  stralloc traps;               /* control/traps, too */
  stralloc cleartext, relayclients, xclient;  /* of these names, base/networks.h */
  int filters;                  /* whether the pipeline has a stage */
  int normalize;                /* control/newlines: mend a bare CR or LF, not refuse it */
  unsigned long level;          /* control/loglevel, LOG_ flags */
  unsigned long databytes;      /* largest message in bytes; 0: no limit */
  unsigned long timeoutsmtpd;   /* seconds for the client */
  unsigned long timeoutremote;  /* seconds for the upstream */
  unsigned long timeoutconnect; /* seconds for connecting to it */
  unsigned long keepalive;      /* seconds between two NOOPs to the upstream; not 0 */
  unsigned long deadline;       /* seconds for the filters of one message */
  unsigned long greetdelay;     /* seconds before the greeting */
  unsigned long maxhops;        /* Received fields */
  unsigned long maxrecipients;  /* in one transaction */
  unsigned long maxerrors;      /* in one session */
  struct limits limits;         /* of what one client may do */
};

/* Read them. 1, or 0 with one line for the log in trouble, 0-terminated. */
int settings_read(struct settings *s, stralloc *trouble);

/* Is the address, len bytes, one that control/recipients accepts? 1 or 0. */
int settings_accepts(const struct settings *s, const char *address, size_t len);

/* Is it a trap, control/traps? 1 or 0. */
int settings_traps(const struct settings *s, const char *address, size_t len);

#endif
