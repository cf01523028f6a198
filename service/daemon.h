#ifndef CM_DAEMON_H
#define CM_DAEMON_H

/* The directories of the suite's daemons: make what they need, and the text of run. */

#include <pwd.h>

/* words: settings and addresses, up to a 0. */
void daemon_virusd(const struct passwd *acct, char **words);
void daemon_notify(const struct passwd *acct);

#endif
