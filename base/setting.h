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

/* control/pipeline: has it a stage? 1, or 0 with trouble. */
int setting_pipeline(int *stages, stralloc *trouble);

#endif
