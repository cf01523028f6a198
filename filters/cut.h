#ifndef CM_CUT_H
#define CM_CUT_H

/* Cutting parts out of a message: a note takes the place of each, everything
 * else stays byte for byte. */

#include "mime.h"

struct cut {
  off_t start, body, end;  /* of the part */
  enum { CUT_PART, CUT_MESSAGE, CUT_UU } kind;
  size_t name;             /* where in names it begins, with a 0 behind it */
};

struct cuts {
  struct cut *list;        /* the caller's, room for CUT_MAX */
  size_t count;
  stralloc names;          /* printable ASCII */
};

enum { CUT_MAX = 4 * MIME_PARTS };

/* Add a part that is over. 1; 0: there is no room; -1 without memory. */
int cut_add(struct cuts *cuts, const struct mime_part *part, const char *name, size_t len);

/* Bring the cuts into order and leave out those within another. 1; 0: two
 * overlap, so that the message cannot be put together. */
int cut_settle(struct cuts *cuts);

/* Write the message that begins in fd at start and has size bytes to the
 * descriptor to, without what was cut; note is put before each name. 1, or -1
 * with errno, some of it written. */
int cut_write(int fd, off_t start, off_t size, const struct cuts *cuts, const stralloc *note, int to);

#endif
