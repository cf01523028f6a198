#ifndef CM_STORE_H
#define CM_STORE_H

#include "quota.h"

/* Stores of messages, cm-store(5). In the quarantine $CM_HOME/store, or
 * in another directory of this kind, ID.eml is a message as it came and ID.env
 * tells about it. */

struct store {
  const char *id;          /* names the files; refused if id_valid says no */
  const char *port;
  const char *verdict;     /* as verdict_name gives it */
  const char *stage;       /* that decided */
  const char *reason;
  const char *sender;
  const char *recipients;  /* each on a line of its own, as in CM_ENVELOPE */
};

/* Put the message that fd holds from where it stands to its end into the quarantine,
 * whose limits are control files. No member may be 0. 1: both files and their
 * directory are on disk. -1 with errno (EINVAL: the id, or a limit that is no number;
 * EEXIST: there is one of this id, and it was left alone; EIO: the message is empty;
 * EDQUOT: the store is full, and what is in it too young to go): nothing can be
 * found under this id that was not there before. */
int store_put(int fd, const struct store *entry);

/* The same for the store that is the directory open at dir. */
int store_keep(int dir, const struct quota *quota, int fd, const struct store *entry);

#endif
