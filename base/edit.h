#ifndef CM_EDIT_H
#define CM_EDIT_H

/* The declared changes to a message, all of them in its header: our own fields
 * on top, those that pretend to be ours gone (X-CleanMail-*, and the fields
 * Authentication-Results with our id; where a stage says a field X-Spam...,
 * all of those), fields of stages, a subject tag, and the empty line behind a
 * header that has none. The body is not touched. */

#include "header.h"

#define EDIT_FIELDS 262144  /* bytes that the fields of all stages may have */

struct edit {
  const char *result;      /* value of X-CleanMail-Result, printable */
  const char *id;          /* value of X-CleanMail-MessageID; 0 or empty: no such field */
  const char *tag;         /* put before the subject, with a blank between; 0 or empty: none */
  const stralloc *fields;  /* from edit_fields(), or 0 */
};

/* Append to fields those of len bytes of lines that a stage may add to a
 * message. Left out: what is no field, X-CleanMail-* and the fields that say who
 * wrote a message, how it came and what its body is; lines over 998 bytes, and
 * what would go above EDIT_FIELDS. Bytes that do not print become question
 * marks. 1, or 0 without memory. */
int edit_fields(stralloc *fields, const char *lines, size_t len);

/* What new lines end in: as the first line of the message, CRLF if there is none. Static. */
const char *edit_ending(const struct header *header);

/* Put into out what goes before the body of a message with this header, the
 * empty line included. 1; 0 with errno. */
int edit_header(const struct header *header, const struct edit *edit, stralloc *out);

/* Write the message in fd to the descriptor to, with its new header. *size is
 * the size of the file and becomes the number of bytes written. 1; 0: the
 * header is too large, nothing is written; -1 with errno, some of it may be. */
int edit_message(int fd, const struct edit *edit, int to, unsigned long *size);

/* The same for one who has the message and needs its new header only: of it no
 * more is written, and the rest is what fd has from *body on. */
int edit_top(int fd, const struct edit *edit, int to, unsigned long *size, unsigned long *body);

#endif
