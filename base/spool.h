#ifndef CM_SPOOL_H
#define CM_SPOOL_H

/* One message on its way: where it was read to if that was done at once, in a
 * file in memory as long as it is small, else in a file without a name: nothing
 * is left of it when the process dies. */

#include <stddef.h>
#include <sys/types.h>

#define SPOOL_MEMORY 2097152     /* bytes that a session may hold in memory */
#define SPOOL_FOLDER "/var/tmp"  /* where larger ones go, unless control/spool says */

struct spool {
  int fd;              /* the file; -1: there is none, or none yet */
  off_t size;          /* bytes written, those that wait included; 0: never begun */
  int memory;          /* the file is in memory */
  int lease;           /* what tells whether anybody else changes the file; 0: nothing does */
  const char *wait;    /* bytes that wait for company on their way out */
  size_t waiting;
  const char *top;     /* bytes that go out before them */
  size_t toplen;
};

/* Start a message whose first bytes are top; they must stay where they are. */
void spool_begin(struct spool *s, const char *top, size_t len);

/* Append. The bytes must stay where they are until the next spool_flush; those
 * that follow on each other go out in one system call. 1, or -1 with errno. */
int spool_write(struct spool *s, const char *data, size_t len);
int spool_flush(struct spool *s);

/* The message is complete: nothing may change it any more, and fd stands at
 * its beginning. A message of which nothing had been flushed is still where it
 * was, too, until spool_drop: top, and behind it wait; where no file is wanted
 * that is all, and fd stays -1. 1, or -1 with errno. */
int spool_end(struct spool *s, int file);

/* Has nobody opened the file to change it since spool_end, nor tried to? 1 or 0. Where the
 * file system has no leases nobody knows, and it is 1. */
int spool_untouched(const struct spool *s);

/* Does it stand in memory in this way? 1 or 0. */
int spool_whole(const struct spool *s);

/* Let go of it. Also right for one that was never begun, with fd -1. */
void spool_drop(struct spool *s);

#endif
