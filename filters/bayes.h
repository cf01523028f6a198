#ifndef CM_BAYES_H
#define CM_BAYES_H

/* The upkeep of SpamAssassin's Bayes database, by sa-learn. Trouble ends the
 * program with 111. command: its words with blanks between them; bayes: the
 * beginning of the database's file names, ".../bayes", or 0: SpamAssassin's
 * own choice. */

/* Tell on descriptor 1 what is known and what is to be done. 0: nothing; 1: something. */
int bayes_check(const char *command, const char *bayes);

/* Let old words be forgotten now. 0. */
int bayes_expire(const char *command, const char *bayes);

#endif
