#ifndef CM_ACCOUNT_H
#define CM_ACCOUNT_H

/* Whom root becomes, before it runs anything else. */

#include <sys/types.h>

struct account {
  const char *name;  /* "": who we are */
  uid_t uid;
  gid_t gid;
};

/* The account of this name, or the end. */
struct account account_find(const char *name);

/* Become it, for good, or end. */
void account_become(const struct account *a);

#endif
