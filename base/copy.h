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

/* Append a line, its ending included, by one write, so that the lines of
 * several processes do not mix. 1, or -1 with errno; a line of which only half
 * found room is ended there if one byte more finds any. */
int copy_line(int to, const char *line, size_t len);

#endif
