#ifndef CM_STORE_H
#define CM_STORE_H

/* The quarantine store, cm-store(5): $CM_HOME/store/ID.eml is the message as
 * it came, ID.env tells about it. */

struct store {
  const char *id;          /* names the files; refused if id_valid says no */
  const char *port;
  const char *verdict;     /* as verdict_name gives it */
  const char *stage;       /* that decided */
  const char *reason;
  const char *sender;
  const char *recipients;  /* each on a line of its own, as in CM_ENVELOPE */
};

/* Store the message that fd holds from where it stands to its end. No member
 * may be 0. 1: both files and their directory are on disk. -1 with errno
 * (EINVAL: the id; EEXIST: there is one of this id, and it was left alone; EIO:
 * the message is empty): nothing can be found under this id that was not there
 * before. */
int store_put(int fd, const struct store *entry);

#endif
