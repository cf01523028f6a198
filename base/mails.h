#ifndef CM_MAILS_H
#define CM_MAILS_H

/* Stored messages, one by one: of a file with one message, of an mbox, of a
 * maildir, or of a directory that holds messages as files. */

#include <sys/types.h>

/* What is to be done with each. fd: the message, at its beginning, closed
 * behind the call; file: its name, 0-terminated; number: which of an mbox, from
 * 1 on, or 0. */
typedef void mails_take(int fd, off_t size, const char *file, unsigned long number);

/* All messages of a path. Of a directory that has cur and new those of both;
 * else its files and those of its directories, but for hidden ones, links to
 * directories, and what a store, cm-store(5), has besides.
 * A file that begins "From " is an mbox, whose >From is unquoted.
 * 1; -1 with errno: some could not be read, what was taken stays so. */
int mails_walk(const char *path, mails_take *take);

#endif
