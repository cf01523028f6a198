#ifndef CM_ASK_H
#define CM_ASK_H

/* A question to a daemon about the message on descriptor 0. The whole of it,
 * from connecting to the last byte of the answer, has the time of
 * stage_until(). Every trouble ends the stage with 111 and no report: an answer
 * that is late, cut short or too long is none. */

#include "owfat.h"
#include "stream.h"

#include <sys/types.h>

struct ask {
  const char *whom;  /* such as "spamd"; for what is told */
  struct stream stream;
  char buffer[8192];
};

/* Connect to the address, as dial() takes it. */
void ask_begin(struct ask *a, const char *whom, const char *address);

/* Send head, then all of the message, which has so many bytes. */
void ask_send(struct ask *a, const stralloc *head, off_t size);

/* The next line of the answer, of at most 4096 bytes, without its end and
 * 0-terminated, until the next call. Its length. */
size_t ask_line(struct ask *a, char **line);

/* Append exactly len bytes of the answer to out. */
void ask_take(struct ask *a, size_t len, stralloc *out);

/* Wait for the other side to close, and do so too; what comes behind the answer
 * makes it none. */
void ask_end(struct ask *a);

/* The answer is none, and why. */
void ask_refuse(const struct ask *a, const char *why) __attribute__((noreturn));

#endif
