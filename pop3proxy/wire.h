#ifndef CM_WIRE_H
#define CM_WIRE_H

/* A message on its way to the client: lines encoded anew, gathered into few
 * writes, and cut where TOP wants no more of them. */

#include <stdint.h>

#include "dot.h"
#include "session.h"

struct wire {
  struct session *session;
  struct dot dot;
  unsigned long left;    /* lines of the body that are still wanted */
  int top;               /* a limit counts */
  int body;              /* behind the empty line */
  size_t line;           /* bytes of the line so far, TOP only */
  int ended;             /* no more lines are wanted */
  const char *plain;     /* bytes that stand where they are, behind the buffer */
  size_t plainlen;
  int failed;
};

/* Begin behind what is queued for the client. */
void wire_begin(struct wire *w, struct session *s);

/* Of the body no more than so many lines. */
void wire_limit(struct wire *w, unsigned long lines);

/* Encode these bytes; or what the file has from at on. */
void wire_text(struct wire *w, const char *text, size_t len);
void wire_file(struct wire *w, int fd, off_t at, off_t len);

/* The rest, which needs no encoding: bytes that stay where they are, then the
 * file from at on. Not where there is a limit. */
void wire_plain(struct wire *w, const char *text, size_t len, int fd, off_t at, off_t end);

/* The final dot. 1; -1: the client was lost, or our own copy could not be read: it
 * has no final dot, and the session is over. */
int wire_end(struct wire *w);

/* How many octets the client would count of such a text or file. 1, or 0: it cannot be
 * read, errno. */
int wire_size(const char *text, size_t len, int fd, off_t end, uint64_t *size);

#endif
