#ifndef CM_SETTING_H
#define CM_SETTING_H

/* What the settings of every front end have in common: files that are read at
 * the start of a session, and what is said when one is no good. */

#include "owfat.h"

/* Put "unable to use control/FILE: WHAT" into trouble, 0-terminated. 0. */
int setting_trouble(stralloc *trouble, const char *file, const char *what);

/* What stands in the way after control_... said r, 0 or -1 with errno. */
const char *setting_why(int r);

struct setting { const char *name; unsigned long *value, usual; };

/* Read the numbers. 1, or 0 with trouble. */
int setting_numbers(const struct setting *settings, size_t count, stralloc *trouble);

/* Read control/FILE, patterns of addresses that are ours; cm-control(5). One that can match none,
 * as a domain without *@ before it, is a mistake. 1, or 0 with trouble, also where the file is
 * missing. */
int setting_addresses(const char *file, stralloc *patterns, stralloc *trouble);

#define SETTING_PIPELINE "control/pipeline"  /* of a front end that has no choice of more */

/* Has this pipeline file a stage? 1, or 0 with trouble. */
int setting_pipeline(const char *file, int *stages, stralloc *trouble);

#endif
