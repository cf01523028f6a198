#ifndef CM_ENVELOPE_H
#define CM_ENVELOPE_H

/* The envelope of qmail-queue(8): F, the sender and a NUL; for each recipient T, the address
 * and a NUL; and a NUL. */

#include "item.h"

enum envelope_end {
  ENVELOPE_WHOLE,
  ENVELOPE_UNREAD,    /* errno; or 0: it ends before its end: whoever wrote it is gone */
  ENVELOPE_BROKEN,    /* it is none, or names nobody */
  ENVELOPE_LONG,      /* an address is longer than qmail-queue takes */
  ENVELOPE_STRANGE,   /* or has a control character in it */
  ENVELOPE_LARGE,     /* all of it is larger than 16 MiB */
  ENVELOPE_NOMEMORY
};

/* Read it from fd, up to its own end and not to that of the file, into the item: recipients,
 * and the sender, whose text is the module's own. */
enum envelope_end envelope_read(struct item *item, int fd);

#endif
