#ifndef CM_UPSTREAM_H
#define CM_UPSTREAM_H

/* Who gets the mail of a port: the lines of control/upstream, cm-control(5), and
 * what has the form of one. */

#include "owfat.h"

#define UPSTREAM_LINES 8    /* of one list */
#define UPSTREAM_WORDS 32   /* of one line */

enum { UPSTREAM_SMTP, UPSTREAM_LMTP, UPSTREAM_QUEUE };
enum { UPSTREAM_TLS_NO, UPSTREAM_TLS_MAY, UPSTREAM_TLS_MUST, UPSTREAM_TLS_VERIFY };
enum { UPSTREAM_CLIENT_NO, UPSTREAM_CLIENT_XCLIENT, UPSTREAM_CLIENT_XFORWARD, UPSTREAM_CLIENT_PROXY };

struct upstream {
  int kind;              /* UPSTREAM_SMTP, smtps too, _LMTP or _QUEUE */
  const char *host;      /* or the path of a local socket; 0: it is a queue */
  const char *port;      /* 0: host is such a path */
  const char **program;  /* of a queue, and its arguments, ends with 0 */
  int tls;               /* UPSTREAM_TLS_ */
  int smtps;             /* 1: TLS from the first byte on, not behind STARTTLS */
  int client;            /* UPSTREAM_CLIENT_: how it learns the client's address */
  unsigned long most;    /* recipients in one transaction; 0: no limit of its own */
  const char *words[UPSTREAM_WORDS + 1];
};

/* They are tried in this order; a queue is the last. */
struct upstreams {
  struct upstream each[UPSTREAM_LINES];
  size_t count;          /* at least 1 once it was read */
  stralloc text;         /* that all the words stand in */
};

/* Read control/upstream. 1, or 0 with one line for the log in trouble,
 * 0-terminated, that names the file and the line. */
int upstream_read(struct upstreams *u, stralloc *trouble);

/* Take one line apart, 0-terminated, which is changed and has to stay where it is.
 * 1, or 0 with what is wrong in trouble. */
int upstream_line(struct upstream *u, char *line, stralloc *trouble);

/* Take several apart, with the word "or" between them, as a route has them. */
int upstream_list(struct upstreams *u, const char *text, size_t len, stralloc *trouble);

/* Do the two say the same, word by word? 1 or 0. */
int upstream_same(const struct upstreams *a, const struct upstreams *b);

/* For the log: its host, path or program. */
const char *upstream_name(const struct upstream *u);

#endif
