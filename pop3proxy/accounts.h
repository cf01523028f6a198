#ifndef CM_ACCOUNTS_H
#define CM_ACCOUNTS_H

/* control/accounts, cm-accounts(5): at which server an account is. */

#include "pop.h"
#include "route.h"

/* The server of this user, 0-terminated; the same *to for as long as it is the same. 1; 0:
 * none is named for it; -1 with one line for the log in trouble, 0-terminated: that cannot
 * be known, and nobody may guess. */
int accounts_find(struct routes *accounts, const char *user, const struct pop **to, stralloc *trouble);

#endif
