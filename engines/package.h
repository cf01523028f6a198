#ifndef CM_PACKAGE_H
#define CM_PACKAGE_H

/* Files that are embedded in documents other than as entries of an archive. */

#include <sys/types.h>

#include "look.h"

/* What the Packager of Windows makes, from offset at on in fd: the stream
 * Ole10Native behind its size. 1; 0: it is something else. */
int package_look(int fd, off_t at, const struct level *level);

/* One file there, len bytes long; the same as a zlib stream. */
void package_plain(int fd, off_t at, off_t len, const char *name, const struct level *level);
void package_deflated(int fd, off_t at, off_t len, const char *name, const struct level *level);

/* The compound file with macros that Word puts into web pages: ActiveMime. */
void package_activemime(int fd, const struct level *level);

/* The objects in a file of Rich Text Format. */
void package_rtf(int fd, const struct level *level);

/* The files in a file of OneNote. Their names are elsewhere, and not shown. */
void package_onenote(int fd, const struct level *level);

#endif
