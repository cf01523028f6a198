#ifndef CM_UU_H
#define CM_UU_H

/* Files in text that were there before MIME: uuencode, "begin 644 name" to
 * "end", and the same in base64; yEnc, "=ybegin" to "=yend"; BinHex 4.0. */

#include <stddef.h>

#include "transfer.h"

struct uu {
  enum transfer_kind kind;
  const char *name;        /* in the text, or static */
  size_t namelen;
};

/* Does such a file begin with the line at s, with data behind it? 1, or 0. */
int uu_begins(const char *s, const char *end, struct uu *uu);

/* Can the line at s be data? 1, or 0. Forgiving: blanks at its end may be lost. */
int uu_data(const char *s, const char *end, enum transfer_kind kind);

/* Is the line at s the last one? 1, or 0. */
int uu_ends(const char *s, const char *end, enum transfer_kind kind);

#endif
