#ifndef CM_ARCHIVE_H
#define CM_ARCHIVE_H

/* The door to libarchive: what is in an archive. */

#include <sys/types.h>

#include "look.h"

/* Look at every entry of the archive of this kind that begins at start and ends
 * before end. name: the archive's, for those that give their entry none.
 * Returns where the last header was, or -1. */
off_t archive_look(int fd, off_t start, off_t end, const char *kind,
                   const char *name, size_t len, const struct level *level);

#endif
