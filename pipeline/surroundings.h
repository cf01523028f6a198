#ifndef CM_SURROUNDINGS_H
#define CM_SURROUNDINGS_H

/* What stages are told about the message, by the environment and the envelope. */

#include "owfat.h"
#include "plan.h"

enum { SURROUNDINGS_DEPTH = 8 };  /* pipelines within pipelines */

/* Let stages that are started from now on read these fields, behind those that
 * $CM_FIELDS gave to us. They only ever become more. Costs nothing where there
 * are none. 1; -1 with errno. */
int surroundings_fields(const stralloc *fields);

/* Open what $CM_ENVELOPE and $CM_FIELDS name, for who gave them to us may soon be out of
 * reach: to stages they get names that are ours. What cannot be opened keeps its name. */
void surroundings_hold(void);

/* What CM_ENVELOPE and CM_FIELDS name, as descriptors for a stage in a jail; -1: none. */
void surroundings_open(int open[2]);

/* The environment of stages: what cm-stage(7) lists of ours, and nothing else.
 * deadline: CM_DEADLINE, in Unix time. jailed: the stage gets surroundings_open(), and
 * the variables name its own descriptors. The same memory at each call. 0 with errno:
 * ELOOP, pipelines are nested too deeply, or ENOMEM. */
char *const *surroundings_environment(unsigned long deadline, int jailed);

/* Is this, NAME=VALUE, a variable that cm-stage(7) lists? 1 or 0. */
int surroundings_passes(const char *variable);

/* Read $CM_ENVELOPE if a stage of the plan asks for recipients. 1; -1 with errno. */
int surroundings_envelope(const struct plan *plan);

/* Is the stage enabled for the recipients of the envelope, by control/prefer-disable
 * for all of them or else for one? 1 or 0; 1 too if there are none. */
int surroundings_enabled(const struct stage *stage);

#endif
