#ifndef CM_ROWS_H
#define CM_ROWS_H

/* Reading the mail log, cm-maillog(5), row by row. */

#include <sys/types.h>

enum { ROW_TIME, ROW_ID, ROW_SENDER, ROW_RECIPIENTS, ROW_FROM, ROW_SUBJECT, ROW_VERDICT, ROW_REPLY, ROW_CELLS };

#define ROWS_MAX 131072  /* bytes of a row; the log's own limit is below */

struct rows {
  int fd;
  off_t next;                     /* where the next row begins */
  int columns[ROW_CELLS];         /* which column each of them is, by the first row */
  const char *cell[ROW_CELLS];    /* of this row, 0-terminated, as it was before it was quoted */
  size_t len;
  char bytes[ROWS_MAX + 1];
};

/* Read the names of the columns of the log open at fd; rows are read from next
 * on. 1; 0: it is not a mail log, or one without a whole first row; -1 with errno. */
int rows_open(struct rows *r, int fd, off_t next);

/* The next row that is there to its end. 1; 0: there is none yet; -1 with errno. */
int rows_next(struct rows *r);

#endif
