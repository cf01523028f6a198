#ifndef CM_SPOOL_H
#define CM_SPOOL_H

/* One message on its way: in memory as long as it is small, else in a file
 * without a name, so that nothing is left of it when the process dies. */

#include <stddef.h>
#include <sys/types.h>

#define SPOOL_MEMORY 2097152     /* bytes that a session may hold in memory */
#define SPOOL_FOLDER "/var/tmp"  /* where larger ones go, unless control/spool says */

struct spool {
  int fd;              /* -1: none */
  off_t size;          /* bytes written, those that wait included */
  int memory;          /* it is in memory */
  const char *wait;    /* bytes that wait for company on their way out */
  size_t waiting;
  const char *top;     /* bytes that go out before them */
  size_t toplen;
};

/* Start a message whose first bytes are top. 1, or -1 with errno. */
int spool_begin(struct spool *s, const char *top, size_t len);

/* Append. The bytes must stay where they are until the next spool_flush; those
 * that follow on each other go out in one system call. 1, or -1 with errno. */
int spool_write(struct spool *s, const char *data, size_t len);
int spool_flush(struct spool *s);

/* The message is complete: nothing may change it any more, and fd stands at
 * its beginning. 1, or -1 with errno. */
int spool_end(struct spool *s);

/* Let go of it. Also right for one that was never begun, with fd -1. */
void spool_drop(struct spool *s);

#endif
