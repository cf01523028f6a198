#ifndef CM_SECRET_H
#define CM_SECRET_H

/* The password or the token of an account: control/password, which nobody else may
 * read, or what the program of control/passwordcommand prints. */

#include "account.h"

/* Have it, 0-terminated. anew: the one before was refused; only a program may have
 * another. 1; 0: there is no other; -1 with the reason in *trouble, static. */
int secret_get(int anew, stralloc *secret, const char **trouble);

/* What a client says first by a mechanism (PLAIN, XOAUTH2, OAUTHBEARER), not yet
 * base64. 1; 0: another mechanism, or no memory. */
int secret_first(const struct account *a, const char *mechanism, const stralloc *secret, stralloc *out);

/* Nothing is left of it. */
void secret_forget(stralloc *secret);

#endif
