#ifndef CM_HEADER_H
#define CM_HEADER_H

/* The header of a message and its fields, RFC 5322 section 2.2 and 4.5. */

#include "owfat.h"

#define HEADER_MAX 1048576  /* bytes; above it a header is refused, not cut */

struct header {
  stralloc raw;    /* what was read: the header, and perhaps some of the body */
  size_t end;      /* bytes of raw that are fields, with their line endings */
  size_t body;     /* where the body begins: end, plus the empty line if there is one */
};

/* One field, pointing into the header: name without colon or blanks before
 * it, value from behind the colon to the last line ending, folds included. */
struct field {
  const char *name;
  size_t namelen;
  const char *value;
  size_t valuelen;
  const char *start;  /* the whole field */
  size_t len;
};

/* Read from fd, from where it stands, until the header is over: at an empty
 * line, at the end of the file, or before the first line that is neither a
 * field nor the continuation of one (there the body begins without an empty
 * line, and body == end). A first line that begins "From ", and not "From :", is
 * no field but belongs to the header, with what continues it. Lines may end in CRLF or LF.
 * 1; 0: above HEADER_MAX; -1 with errno. raw is the caller's, reused. */
int header_read(struct header *header, int fd);

/* The same for a message that stands in memory in two pieces, top and rest. Of
 * them raw gets a copy of no more than the header and a little of the body. */
int header_take(struct header *header, const char *top, size_t toplen, const char *rest, size_t restlen);

/* The next field. field->start is 0 for the first call. 1, or 0: no more. */
int header_next(const struct header *header, struct field *field);

/* Has the field this name, in whatever case? 1 or 0. */
int field_is(const struct field *field, const char *name);

/* Put the value, on one line and without blanks around it, into line, not
 * 0-terminated. 1, or 0 without memory. */
int field_unfold(const struct field *field, stralloc *line);

#endif
