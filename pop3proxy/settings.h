#ifndef CM_SETTINGS_H
#define CM_SETTINGS_H

/* What the control files of a POP3 port say; cm-control(5). Read once for each
 * connection. */

#include "owfat.h"
#include "pop.h"
#include "route.h"

enum { SERVERS = 64 };

struct settings {
  struct pop fixed;             /* control/upstream; host is 0: there is none */
  struct pop servers[SERVERS];  /* those that a user name may carry */
  size_t count;
  struct routes accounts;       /* control/accounts */
  int carried;                  /* the name of the user says which server it is */
  int filters;                  /* whether the pipeline has a stage */
  unsigned long level;          /* control/loglevel, LOG_ flags */
  unsigned long timeoutpop3d;   /* seconds for the client */
  unsigned long timeoutremote;  /* seconds for the server */
  unsigned long timeoutconnect; /* seconds for connecting to it */
  unsigned long maxerrors;      /* in one session */
  unsigned long databytes;      /* largest message that is taken; 0: no limit */
  unsigned long deadline;       /* seconds for the filters of one message */
  unsigned long keepalive;      /* seconds that a client waits for a message without a word; not 0 */
  unsigned long giveup;         /* seconds from the first try until a message counts as not to be judged */
  unsigned long remember;       /* days; 0: nothing is remembered */
  unsigned long remembersize;   /* bytes for an account */
  stralloc me;                  /* our name, 0-terminated */
};

/* Read them. 1, or 0 with one line for the log in trouble, 0-terminated. */
int settings_read(struct settings *s, stralloc *trouble);

/* Which server does the user name, 0-terminated, ask for? USER%SERVER or
 * USER#SERVER, with :PORT or without: *len becomes the length of USER. 0: none
 * that is in the list. */
const struct pop *settings_server(const struct settings *s, const char *user, size_t *len);

#endif
