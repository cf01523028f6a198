#ifndef CM_PEEK_H
#define CM_PEEK_H

/* cm-look(8), asked what is inside of attachments: one process for several files. */

#include "owfat.h"

enum { PEEK_MAX = 24 };  /* files for one process */

enum peek_fact {
  PEEK_KIND,   /* what the file is: an extension */
  PEEK_NAME,   /* a file inside it, with its kind */
  PEEK_FLAG    /* a property, such as encrypted */
};

struct peek {
  size_t count;
  int fd[PEEK_MAX];              /* each with the file from offset 0 on */
  const char *hint[PEEK_MAX];    /* an extension of letters and digits, or "" */
};

/* Ask about all files. told() hears of each fact about file number i: text is the kind, the
 * name as it was in the archive, or the flag; kind is that of a name. Both are 0-terminated.
 * 1: all was told; 0: not all, and *why says what is the matter. */
int peek_run(const struct peek *peek,
             void (*told)(size_t i, enum peek_fact fact, const char *text, size_t len, const char *kind),
             const char **why);

#endif
