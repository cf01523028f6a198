#ifndef CM_CANON_H
#define CM_CANON_H

/* The canonical forms of DKIM, RFC 6376, section 3.4. Lines that end in LF
 * alone are taken for what they were before: ended by CRLF. */

#include "header.h"

enum canon { CANON_SIMPLE, CANON_RELAXED };

/* Append a field with CRLF at its end, without what stands from cut to cutend,
 * which are in its value or both 0. 1, or 0 without memory. */
int canon_field(enum canon kind, const struct field *field, const char *cut, const char *cutend,
                stralloc *out);

/* A body, piece by piece; all zero but for the first three. */
struct canon_body {
  enum canon kind;
  void (*put)(void *to, const char *bytes, size_t len);  /* takes the form's bytes */
  void *to;
  unsigned long size;      /* bytes of the form so far */
  unsigned long newlines;  /* ends of lines that come if something follows them */
  int blank;               /* the same for blanks */
  int cr;                  /* the same for a CR */
  int any;                 /* there was more than ends of lines */
  size_t len;
  char bytes[1024];
};

void canon_add(struct canon_body *body, const char *bytes, size_t len);

/* Nothing comes any more. */
void canon_end(struct canon_body *body);

#endif
