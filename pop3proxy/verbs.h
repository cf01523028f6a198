#ifndef CM_VERBS_H
#define CM_VERBS_H

/* A command line of POP3 taken apart. What goes to the server is built from what
 * was understood, but for what only the server understands. */

#include "owfat.h"

enum verb {
  VERB_USER, VERB_PASS, VERB_APOP, VERB_AUTH, VERB_STLS, VERB_CAPA, VERB_UTF8, VERB_LANG, VERB_QUIT,
  VERB_STAT, VERB_LIST, VERB_UIDL, VERB_RETR, VERB_TOP, VERB_DELE, VERB_NOOP, VERB_RSET,
  VERB_MALFORMED,  /* one of these, with the wrong words behind it */
  VERB_UNKNOWN
};

struct verbs {
  enum verb verb;
  const char *args;      /* what stands behind it */
  size_t argslen;
  unsigned long number;  /* of the message; 0: none was given */
  unsigned long lines;   /* of TOP */
  char text[64];         /* the command anew, where it has no other arguments than numbers */
  size_t len;
};

/* From VERB_STAT to VERB_RSET they are about a mailbox that is open. */
#define VERBS_INSIDE(verb) ((verb) >= VERB_STAT && (verb) <= VERB_RSET)

void verbs_read(struct verbs *v, const char *line, size_t len);

#endif
