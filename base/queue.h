#ifndef CM_QUEUE_H
#define CM_QUEUE_H

/* A program in qmail-queue's place, qmail-queue(8): the message on its
 * descriptor 0, a file, with LF at the ends of lines, the envelope on 1. On 6 it may say, as
 * notqmail has it, D (for good) or Z (for now) and a text, and end with 82. */

#include "owfat.h"
#include <sys/types.h>

struct queue {
  const char **program;     /* and its arguments, 0 behind the last */
  const char *head, *start; /* bytes that go before what is read from the file */
  size_t headlen, startlen;
  int fd;                   /* the message, from offset to size */
  off_t offset, size;
  int raw;                  /* lines end as they must; else the CR of each CRLF is taken out */
  const char *sender;
  const char *recipients;   /* a line each */
  size_t recipientslen;
  unsigned long seconds;    /* that it may take */
  stralloc *said;           /* gets what it wrote on its descriptor 6, 0-terminated */
};

/* The program, with its arguments, that control/queue names; /var/qmail/bin/qmail-queue where
 * there is no such file. They are the module's own. 1, or 0 with trouble, 0-terminated. */
int queue_program(const char ***program, stralloc *trouble);

/* Its exit code. -1 with errno: it was not started. -2 with errno: it was, and
 * crashed or took too long (ETIMEDOUT); nobody knows what it did. */
int queue_hand(const struct queue *q);

/* What a code other than 0 is to an SMTP client: "5.3.0 words" for good, "4.3.0 words"
 * for now, static. Only of 82 what it said counts, of which one clean line is kept. */
const char *queue_refusal(int code, const stralloc *said);

#endif
