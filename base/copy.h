#ifndef CM_COPY_H
#define CM_COPY_H

#include <stddef.h>
#include <sys/types.h>

/* Copy everything of from, from where it stands to its end, to where to
 * stands. The kernel moves the bytes where it can; any two of file, pipe and
 * socket work, and to may be open for appending. 1, or -1 with errno, some of
 * it copied. */
int copy_rest(int from, int to);

/* Write all len bytes. 1, or -1 with errno, some of them written. */
int copy_write(int to, const char *bytes, size_t len);

/* Read all len bytes of a file that begin at at; where it stands does not change.
 * 1, or -1 with errno (EIO: it has not so many). */
int copy_from(int from, char *bytes, size_t len, off_t at);

/* Append a line, its ending included, by one write, so that the lines of
 * several processes do not mix. 1, or -1 with errno; a line of which only half
 * found room is ended there if one byte more finds any. */
int copy_line(int to, const char *line, size_t len);

/* Everything is written: from now on nobody can change the memory file behind
 * fd, nor through a mapping. Sealing it a second time is no mistake and costs
 * nothing. A writer that does it spares the reader much: pages that another
 * processor wrote are not free for sealing before all processors were asked.
 * 1, or -1 with errno: no such file, or somebody has it mapped for writing. */
int copy_seal(int fd);

/* Has somebody done so? 1 or 0. */
int copy_sealed(int fd);

#endif
