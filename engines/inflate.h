#ifndef CM_INFLATE_H
#define CM_INFLATE_H

/* What zlib packed, one stream at a time. */

#include <stddef.h>
#include <sys/types.h>

/* Could a stream begin with these bytes? 1 or 0. */
int inflate_likely(const char *bytes, size_t len);

/* Begin to unpack what is in the file from this offset on. */
void inflate_begin(int fd, off_t at);

/* The next bytes. 0: there are no more, or what follows is damaged, which sets
 * *broken. */
size_t inflate_next(char *to, size_t len, int *broken);

#endif
