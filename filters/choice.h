#ifndef CM_CHOICE_H
#define CM_CHOICE_H

/* What a stage answers to each result that it can find, as its arguments say:
 * fail=reject/delete. */

#include "stage.h"

struct choice {
  const char *result;  /* its name */
  int verdict;         /* VERDICT_BROKEN: none, so that on-error of the pipeline applies */
  const char *status;  /* status code of the reason, without its class: ".7.20" */
};

/* Take an argument. 1, or 0: it names no result of the table. One that names no
 * verdict ends the program. */
int choice_take(struct choice *table, size_t count, const char *argument);

/* Take the arguments behind the program's name; one that is none ends it. */
void choice_read(struct choice *table, size_t count, char **arguments);

/* End the program by the choice for a result, with a reason and, behind it in
 * the report, a field, 0-terminated. */
void choice_end(const struct choice *choice, const char *reason, const char *field) __attribute__((noreturn));

#endif
