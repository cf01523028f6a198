#ifndef CM_COPY_H
#define CM_COPY_H

#include <stddef.h>

/* Copy everything of from, from where it stands to its end, to where to
 * stands. The kernel moves the bytes where it can; any two of file, pipe and
 * socket work, and to may be open for appending. 1, or -1 with errno, some of
 * it copied. */
int copy_rest(int from, int to);

/* Write all len bytes. 1, or -1 with errno, some of them written. */
int copy_write(int to, const char *bytes, size_t len);

#endif
