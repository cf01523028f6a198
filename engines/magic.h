#ifndef CM_MAGIC_H
#define CM_MAGIC_H

/* The door to libmagic. */

#include <stddef.h>

/* Find the database, while files may still be opened. 1, or -1 with errno. */
int magic_prepare(void);

/* The media type of a file that begins with these bytes. Static. 0: libmagic
 * does not work. */
const char *magic_type(const char *bytes, size_t len);

#endif
