#ifndef CM_INCOMING_H
#define CM_INCOMING_H

/* A message on its way through us, and what became of it. */

#include "decision.h"
#include "header.h"
#include "hop.h"
#include "memory.h"
#include "session.h"

struct incoming {
  char id[ID_SIZE];
  long long began;          /* clock_ms() */
  struct spool message;     /* as it came, lines mended */
  unsigned char hash[MEMORY_HASH];
  int plain;                /* it needs no encoding on its way out */
  struct header header;
  struct hop hop;
  stralloc recipients;      /* the account as an address, and a newline */
  struct result result;
  struct spool filtered;    /* as the pipeline left it; fd -1: not at all */
  int header_only;          /* of it: what goes before the body of message */
  stralloc notice;          /* what stands for the message; len 0: nothing */
  stralloc stored;          /* file in the store, 0-terminated; "" */
  unsigned long long bytes[4];  /* counters when it began */
};

/* Begin one: nothing is left of the one before. */
void incoming_begin(struct session *s, struct incoming *t);

/* Read what the server sends behind its +OK, all of it. 1; 0: there is no room for
 * it, or it is too large: answered. -1: lost, and the session is over. */
int incoming_read(struct session *s, struct incoming *t, int file);

/* Have the header of what was read. 1, or 0 with errno. */
int incoming_header(struct incoming *t);

/* Let the filters judge it, and do what they say that is not about what the client
 * gets. 1: it is in filtered or notice. 0: not now. -1: the session is over. */
int incoming_judge(struct session *s, struct incoming *t);

/* It could not be judged, again and again: keep a copy, and make a notice that says
 * so. 1, or 0: there can be no copy. */
int incoming_give_up(struct session *s, struct incoming *t);

/* Its row of the mail log: what the client heard. */
void incoming_record(struct session *s, struct incoming *t, const char *reply);

/* The client has waited for long, and hears a line. 1, or -1: it is gone. */
int incoming_patience(struct session *s);

#endif
