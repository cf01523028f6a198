#ifndef CM_ATTACH_H
#define CM_ATTACH_H

/* The rules file of cm-filter-attach, cm-attach(5), and what it says about the
 * name of an attachment. */

#include "rfc2231.h"

enum attach_answer { ATTACH_PASS, ATTACH_BLOCK, ATTACH_DROP };  /* worse ones behind */

struct attach {
  stralloc pass, drop, block;  /* patterns, each with a 0 behind it */
  int droppolicy, blockpolicy, limitpolicy;  /* verdicts */
  stralloc note;               /* text put before the name of what is cut out; may be empty */
};

/* Read a rules file, looked up as control_open() does. 1; 0: there is no such
 * file; -1: it cannot be used, and error says why and where, 0-terminated. */
int attach_read(const char *file, struct attach *attach, stralloc *error);

/* What the lists say about an attachment, in the worst of all readings of its
 * name; *which is that reading. Without a name only the pattern * matches.
 * ATTACH_ values, or -1 without memory. */
int attach_ask(const struct attach *attach, const struct readings *names, size_t *which);

#endif
