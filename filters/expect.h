#ifndef CM_EXPECT_H
#define CM_EXPECT_H

/* What a port's configuration promises about sample messages: for cm-selftest. */

#include "attach.h"
#include "plan.h"

struct expected {
  int verdict;
  const char *stage;    /* who gives it; 0: nobody here looks for this */
};

/* Read the port's pipeline and the rules of its stages. Ends the program with
 * 111 if one of them cannot be read. recipient is kept. */
void expect_read(const char *file, const char *recipient);

/* The rules of the stage number n that runs cm-filter-attach for the recipient;
 * 0: there is none any more. */
const struct attach *expect_rules(size_t n);

struct expected expect_virus(void);  /* of the EICAR test file */
struct expected expect_spam(void);   /* of GTUBE */

/* Of an attachment with this name, 0: it has none, and this flag or class, or 0. */
struct expected expect_attach(const char *name, const char *flag, const char *fault);

#endif
