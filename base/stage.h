#ifndef CM_STAGE_H
#define CM_STAGE_H

/* How a stage of ours answers cm-pipeline. The contract is cm-stage(7).
 * The exception among the modules: its job is to end the program. */

#include "owfat.h"
#include "verdict.h"

/* First call of a stage's main. name: the program's, for messages on
 * descriptor 2. report: the descriptor of the report, 1 for a check and 3 for
 * a rewriter. */
void stage_begin(const char *name, int report);

/* Write the report, the parts joined as the reason, and
 * exit with the verdict. The reason begins with an enhanced status code (RFC
 * 3463). A reason that cannot be written does not change the verdict. */
#define stage_end(verdict, ...) stage_end_internal((verdict), __VA_ARGS__, (char *) 0)
void stage_end_internal(int verdict, ...) __attribute__((noreturn));

/* As a rewriter: the message on fd, from where that stands, is the new one too. It is
 * copied to descriptor 1, or where the runner understands (CM_UNCHANGED of
 * cm-stage(7)) that is left empty and sealed. 1, or -1 with errno. */
int stage_unchanged(int fd);

/* When a stage that waits for somebody else must have its answer, in
 * milliseconds of clock_ms(): shortly before CM_DEADLINE, or, where nobody set
 * one, so many seconds from now. */
long long stage_until(unsigned long usual);

/* A variable of the environment; empty if it is not set. */
const char *stage_variable(const char *name);

/* Trouble of our own (arguments, files, memory): 111 and no report, so that
 * the runner applies on-error. The message goes to descriptor 2. */
#define stage_die(...) die(VERDICT_DEFER, __VA_ARGS__)
#define stage_diesys(...) diesys(VERDICT_DEFER, __VA_ARGS__)
#define stage_nomem() die(VERDICT_DEFER, "out of memory")

#endif
