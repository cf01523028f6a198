#ifndef CM_UU_H
#define CM_UU_H

/* Uuencoded files in text, "begin 644 name" to "end", and the same in base64. */

#include <stddef.h>

struct uu {
  int base64;
  const char *name;
  size_t namelen;
};

/* Does such a file begin with the line at s, with data on the line behind it?
 * 1, or 0. */
int uu_begins(const char *s, const char *end, struct uu *uu);

/* Can the line at s be data? 1, or 0. Forgiving: blanks at its end may be lost. */
int uu_data(const char *s, const char *end, int base64);

/* Is the line at s the last one? 1, or 0. */
int uu_ends(const char *s, const char *end, int base64);

#endif
