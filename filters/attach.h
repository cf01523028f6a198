#ifndef CM_ATTACH_H
#define CM_ATTACH_H

/* The rules file of cm-filter-attach, cm-attach(5), and what it says about an
 * attachment, a property of one, and a message that can be read in several ways. */

#include "content.h"
#include "rfc2231.h"

enum attach_answer { ATTACH_PASS, ATTACH_BLOCK, ATTACH_DROP };  /* worse ones behind */

/* What the rules say. Of two decisions the one with the worse answer counts, and
 * then the one with the higher verdict. */
struct decision {
  enum attach_answer answer;
  int verdict;                 /* VERDICT_DELIVER for ATTACH_PASS */
  int listed;                  /* some list knows it */
};

struct attach {
  stralloc pass, drop, block;  /* a verdict, a pattern or +FLAG, and 0, one after the other */
  int droppolicy, blockpolicy, limitpolicy;  /* verdicts */
  int mime[FAULTS];            /* verdicts */
  stralloc note;               /* text put before the name of what is cut out; may be empty */
};

/* Read a rules file, looked up as control_open() does. 1; 0: there is no such
 * file; -1: it cannot be used, and error says why and where, 0-terminated. */
int attach_read(const char *file, struct attach *attach, stralloc *error);

/* What the lists say about an attachment with this file name, which may be empty: then only
 * the pattern * matches. whole: ask the pattern * too; without, only what names something. */
struct decision attach_ask(const struct attach *attach, const char *name, size_t len, int whole);

/* What they say about a property, such as "encrypted". */
struct decision attach_flag(const struct attach *attach, const char *flag);

/* Is the first worse than the second? 1 or 0. */
int attach_worse(const struct decision *a, const struct decision *b);

/* Do the lists know anything that may be inside of an attachment? 1 or 0. */
int attach_curious(const struct attach *attach);

#endif
