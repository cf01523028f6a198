#ifndef CM_FILES_H
#define CM_FILES_H

/* The files of a directory that is being made, and the words that get into them. All of
 * these end the program with 100 or 111 where something is wrong. */

#include <pwd.h>
#include <sys/types.h>

/* Add to the text of the next file. */
void files_say(const char *words);

/* Make that file. */
void files_save(const char *name, mode_t mode);

/* The same with the suite's control file of this name in the place of the text, where there
 * is one: 1; 0: there is none, and nothing was made. */
int files_copy(const char *name, mode_t mode);

void files_folder(const char *name, mode_t mode);

/* Give it to somebody, where root makes it. */
void files_give(const char *name, const struct passwd *to);

/* The word, which means nothing to a shell: letters, digits, ._:- and what is in others. */
const char *files_safe(const char *word, const char *others);

/* The account of this name; without root it is our own. */
const struct passwd *files_account(const char *name);

/* The words up to a 0 are words of a control file, too. */
void files_words(char **words);

/* Add the words up to a 0, or n of them, as one line. */
void files_line(char **words, size_t n);

#endif
