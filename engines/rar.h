#ifndef CM_RAR_H
#define CM_RAR_H

/* What in a rar archive is encrypted: libarchive does not tell for version 5. */

#include <sys/types.h>

#include "look.h"

/* Print the encrypted entries of the archive that begins at start. 1; 0: its
 * headers are encrypted, and nothing can be listed. Sets the flag. */
int rar_secrets(int fd, off_t start, const struct level *level);

#endif
