#ifndef CM_DIFFER_H
#define CM_DIFFER_H

/* What a header has become, told as changes of its fields to the server that has it. */

#include "header.h"

#define DIFFER_MAX 1000  /* changes */

struct differ {
  const struct header *old;  /* its first field is ours, and the server has none of it */
  unsigned long fields;      /* that the server has: those behind that one */
  const struct header *new;
  int blank;                 /* values keep the blank behind the colon */
};

/* Append the packets to out. 1; 0 with errno (E2BIG: they are too many; EBADMSG: the old header
 * has not the fields that the server has, and nobody could say which is which). */
int differ(const struct differ *d, stralloc *out);

#endif
