#ifndef CM_ANSWER_H
#define CM_ANSWER_H

/* The report of a stage, cm-stage(7), taken apart and made harmless. */

#include "owfat.h"

#define ANSWER_MAX 65536  /* bytes of a report; what comes behind is not read */

struct answer {
  stralloc reason;     /* its first line, as it came */
  stralloc fields;     /* for the message, as edit_fields() makes them */
  stralloc tag;        /* from X-CleanMail-Tag, or empty */
  stralloc score;      /* from X-CleanMail-Score, or empty */
  stralloc trace;      /* lines of a nested pipeline, each ended by \n */
  unsigned long size;  /* from X-CleanMail-Size: bytes of the new message */
  int sized;           /* 1: size was said */
};

/* Read len bytes of report into an empty answer. 1, or 0 without memory. */
int answer_read(struct answer *answer, const char *report, size_t len);

#endif
