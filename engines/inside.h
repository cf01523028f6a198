#ifndef CM_INSIDE_H
#define CM_INSIDE_H

/* Which module looks into what. */

#include <sys/types.h>

#include "kind.h"
#include "look.h"

/* Is an entry of this kind (0: not known) and name something to look into? */
int inside_wanted(const struct kind *kind, const char *name, size_t len);

/* Does this begin like something to run or open, so that it is worth being shown
 * where nobody would look for a file? */
int inside_strange(const struct kind *kind);

/* Print an entry whose content is in fd, and look into it. The word of its kind. */
const char *inside_entry(int fd, const char *name, size_t len, const struct level *level);

/* The same for an attachment, which is no entry of anything. */
void inside_attachment(int fd, const char *name, size_t len);

/* Append len bytes of a file from at on, as far as they are there, to another.
 * FLAG_BROKEN if they are not, but for INSIDE_REST, which is whatever is there. */
#define INSIDE_REST (-1)
void inside_append(int to, int fd, off_t at, off_t len);

/* A new file with them. */
int inside_copy(int fd, off_t at, off_t len);

#endif
