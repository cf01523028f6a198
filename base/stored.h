#ifndef CM_STORED_H
#define CM_STORED_H

/* Reading a store, cm-store(5). */

#include "id.h"
#include "ledger.h"
#include "owfat.h"

/* What an ID.env tells; the texts are the module's own until the next call. */
struct stored {
  char id[ID_SIZE];
  const char *time, *port, *verdict, *stage, *reason, *sender, *hash;
  stralloc recipients;     /* each on a line of its own, 0 behind the last */
  unsigned long size;
};

/* Read it for this id. 1; 0: there is none; -1 with errno (EINVAL: the id;
 * EBADMSG: it is not whole, or of another message). */
int stored_read(int dir, const char *id, struct stored *s);

/* What the ledger is to say of the entry of this id: of s, or, where s is 0
 * because the envelope cannot be read, that nobody knows. It points into both. */
struct ledger stored_ledger(const char *id, const struct stored *s, const char *action);

/* Open an entry's file: suffix is ".eml" or ".env". A descriptor, or -1 with
 * errno (EINVAL: the id, or no regular file). */
int stored_open(int dir, const char *id, const char *suffix);

/* Are the bytes that fd holds those that were stored? fd stands at its
 * beginning before and behind it. 1; 0: they are not; -1 with errno. */
int stored_verify(int fd, const struct stored *s);

/* An entry of a listing: what there is of it. */
struct storedid {
  char id[ID_SIZE];
  int message, envelope, release;  /* is there an .eml, an .env, a .rel? */
};

/* All ids in the store, the oldest first. *ids is from malloc. Their number, or
 * -1 with errno. */
long stored_ids(int dir, struct storedid **ids);

/* Take an entry away: first the message, and nothing is there any more. 1, or
 * -1 with errno. The directory is not yet on disk. */
int stored_remove(int dir, const char *id);

#endif
