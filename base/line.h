#ifndef CM_LINE_H
#define CM_LINE_H

/* The lines of a message that mime.h walks through, as its readings have them, and
 * what a line says about content. s to end: what there is of the buffer from a line on. */

#include "mime.h"

enum { LINE_USUAL = 998 };  /* RFC 5322, 2.1.1 */

/* Have MIME_LOOK bytes from scan on, or all there are. 1, or 0 with errno. */
int line_look(struct mime *m);

/* Behind the line ending that is next at or behind s, or 0: not in the buffer. */
const char *line_next(struct mime *m, const char *s, const char *end);

/* The length of the line ending at s, 0 if there is none. */
size_t line_end(const struct mime *m, const char *s, const char *end);

/* Is nothing but blanks left on the line? 1 or 0, as the rest. */
int line_spent(const struct mime *m, const char *s, const char *end);

/* Does a field begin at s? */
int line_field(const char *s, const char *end);

/* Does a field about content, or what may be the rest of one? */
int line_describes(const char *s, const char *end);

/* Does one that cannot be but a field? In signatures such names stand in a list. */
int line_claims(const char *s, const char *end);

/* Does one, or the rest of one, on the line behind the one at s? */
int line_describes_next(const struct mime *m, const char *s, const char *end);

#endif
