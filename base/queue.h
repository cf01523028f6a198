#ifndef CM_QUEUE_H
#define CM_QUEUE_H

/* A program in qmail-queue's place, qmail-queue(8): the message on its
 * descriptor 0, LF at the ends of lines, the envelope on 1. */

#include "owfat.h"
#include <sys/types.h>

struct queue {
  const char **program;     /* and its arguments, 0 behind the last */
  const char *head, *start; /* bytes that go before what is read from the file */
  size_t headlen, startlen;
  int fd;                   /* the message, from offset to size */
  off_t offset, size;
  const char *sender;
  const char *recipients;   /* a line each */
  size_t recipientslen;
  unsigned long seconds;    /* that it may take */
};

/* Its exit code. -1 with errno: it was not started. -2 with errno: it was, and
 * crashed or took too long (ETIMEDOUT); nobody knows what it did. */
int queue_hand(const struct queue *q);

#endif
