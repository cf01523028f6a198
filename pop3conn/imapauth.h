#ifndef CM_IMAPAUTH_H
#define CM_IMAPAUTH_H

/* Logging in with IMAP: LOGIN, and AUTHENTICATE with the mechanisms PLAIN, LOGIN, XOAUTH2 and
 * OAUTHBEARER (RFC 7628). */

#include "account.h"
#include "imapc.h"

/* With the account's mechanism, or the best that there is. Behind it what the server can
 * do has been asked anew. IMAPC_OK; IMAPC_NO: it refuses, see text and code; IMAPC_LOST. */
int imapauth(struct imapc *c, const struct account *a, const stralloc *secret);

#endif
