#ifndef CM_RUN_H
#define CM_RUN_H

/* What every directory for supervise has: its environment, its log, and the beginning of
 * its run. Trouble ends the program. */

#include <pwd.h>

/* Bounds for a process and what it starts: no core files, 256 MiB for each. A sanitizer
 * reserves much more than that. */
#ifdef __SANITIZE_ADDRESS__
#define RUN_LIMITS "softlimit -c 0"
#else
#define RUN_LIMITS "softlimit -c 0 -a 268435456"
#endif

/* Make env: where the suite is, and its programs. */
void run_env(void);

/* Where our programs are, and the system's: a PATH. */
const char *run_path(void);

/* Make log, which this account writes. */
void run_log(const struct passwd *logger);

/* Begin the text of run: root gives up its rights by the tool, setuidgid or envuidgid. */
void run_begin(const char *tool, const struct passwd *acct);

#endif
