#ifndef CM_ROUTE_H
#define CM_ROUTE_H

/* Lists that say where somebody's mail is: control/routes, cm-routes(5), which upstreams
 * get the mail of a recipient, where it is not control/upstream that says so for all; and
 * control/accounts, cm-accounts(5). */

#include "list.h"
#include "upstream.h"

struct routes {
  int any;            /* 0: there is no such file */
  const char *file;   /* for what is said about it */
  const char *me;     /* the domain of a recipient without one, 0-terminated */
  struct list list;
};

/* Open control/routes. 1, any is 0 where it is missing; 0 with one line for the log in
 * trouble, 0-terminated. */
int route_open(struct routes *r, const char *me, stralloc *trouble);

/* The same with another file, which cm-list makes with this option. */
int route_list(struct routes *r, const char *file, const char *option, stralloc *trouble);

/* "FILE: WHATMORE" in trouble, 0-terminated; result. */
int route_because(const struct routes *r, stralloc *trouble, int result, const char *what, const char *more);

/* The upstreams of an address, in u. 1; 0: it has no route, u is as it was; -1 with
 * trouble: that cannot be known, and nobody may guess. */
int route_find(struct routes *r, const char *address, size_t len, struct upstreams *u, stralloc *trouble);

#endif
