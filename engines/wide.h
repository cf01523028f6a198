#ifndef CM_WIDE_H
#define CM_WIDE_H

/* UTF-16, little endian, as Windows keeps its names. */

#include <stddef.h>

#define WIDE_MAX(characters) (3 * (characters) + 1)

/* Write len bytes of it as UTF-8 to where there is room for WIDE_MAX(len / 2),
 * without a 0. Half a pair is written as such, which is no UTF-8. Bytes written. */
size_t wide_utf8(const unsigned char *from, size_t len, char *to);

#endif
