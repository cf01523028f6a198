#ifndef CM_SCORE_H
#define CM_SCORE_H

/* What a classifier found out about a message, and how that is told. Scores
 * are in thousandths. */

#include "owfat.h"

#define SCORE_MAX 1000000000L  /* a million points, in thousandths */

struct score {
  long points, required;
  int spam;
  stralloc tests;  /* names with commas between them; letters, digits, _ - . only */
};

/* Read a decimal number, all of len bytes: a sign, digits, a point and digits.
 * 1; 0: it is none, or above SCORE_MAX. */
int score_scan(const char *text, size_t len, long *points);

/* Append the number, with one digit or more behind the point. */
int score_number(stralloc *out, long points);

/* Append len bytes of a name to tests. */
int score_test(struct score *s, const char *name, size_t len);

/* Append "score N of N". */
int score_cat(const struct score *s, stralloc *out);

/* Append the further lines of a report: X-CleanMail-Score; the subject tag of
 * control/spamtag, if there is one and the message is spam, in which _SCORE_ and
 * _REQD_ are replaced; and X-Spam-Flag, -Status, -Level and -Score. Each begins
 * with a line feed, none is behind the last. mark: those that get into the
 * message are wanted. 1, or -1 with errno. */
int score_fields(const struct score *s, int mark, stralloc *out);

#endif
