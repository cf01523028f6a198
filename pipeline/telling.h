#ifndef CM_TELLING_H
#define CM_TELLING_H

/* A run in words: for the report of cm-pipeline, for the message, for cm-explain.
 * All append; all return 1, or 0 without memory, if nothing else is said. */

#include "run.h"

/* Why the decision is what it is, with a fitting status code. */
int telling_reason(const struct run *run, stralloc *out);

/* The value of X-CleanMail-Result: RESULT[; STAGE[; REASON]]. */
int telling_result(const struct run *run, stralloc *out);

/* The lines X-CleanMail-Trace of a stage, those of its nested pipeline first. */
int telling_trace(const struct run *run, size_t stage, stralloc *out);

/* The fields that stages put on the message, as far as they have answered. */
int telling_fields(const struct run *run, stralloc *out);

/* The subject tag, 0-terminated: of the deciding stage if its verdict marks,
 * else of the next that does. Empty: none. -1 with errno: a file of
 * control/tag cannot be read. */
int telling_tag(const struct run *run, stralloc *out);

#endif
