#ifndef CM_SAMPLES_H
#define CM_SAMPLES_H

/* Sample messages in one file: "== KIND WORD NAME", and below it the message as
 * far as the next such line. \xHH is a byte; other lines before the first do not
 * count. */

#include "owfat.h"

struct sample {
  stralloc kind, word, name;  /* 0-terminated */
  stralloc text;              /* with CRLF behind each line */
};

/* The next sample of the file's data. *at: where to go on, 0 at first. 1; 0: no
 * more; -1: no memory, or a line that is not as above. sample is reused. */
int samples_next(const stralloc *data, size_t *at, struct sample *sample);

#endif
