#ifndef CM_SMTPBODY_H
#define CM_SMTPBODY_H

/* The text of a message on its way to a server of SMTP, behind the 354 of DATA: encoded
 * anew from lines, RFC 5321, 4.5.2. */

#include "owfat.h"
#include "smtpc.h"

/* A message ready to go: some bytes of header that stand in memory, then the
 * file fd from offset to size. */
struct outgoing {
  stralloc head;
  const char *start;  /* the first bytes from offset on, where they are in memory already */
  size_t startlen;
  int fd;
  off_t offset, size;
  int plain;   /* what comes from the file needs no encoding */
};

#define SMTPBODY_UNREAD (-2)  /* our own copy of the message cannot be read */

/* Send all of it but its last bytes, the final dot at least, each piece within so many
 * seconds. 1; 0: the server speaks already; -1: it does not read; SMTPBODY_UNREAD, with
 * errno. */
int smtpbody_send(struct smtpc *u, const struct outgoing *o, unsigned long seconds);

/* Send the rest. The same results; from here on the server may have the message. */
int smtpbody_end(struct smtpc *u, unsigned long seconds);

/* Why it did not go out whole: what the server said meanwhile, which counts only if it is a
 * refusal: its code. -1, with trouble: nothing that counts. It is closed. */
int smtpbody_early(struct smtpc *u);

#endif
