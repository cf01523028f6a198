#ifndef CM_UNREAD_H
#define CM_UNREAD_H

/* Names among the control files that no program reads. What takes memory ends the program
 * with 111 where there is none. */

#include "owfat.h"

/* The names in this directory but for those with a dot in front, sorted, with a 0 behind each.
 * 1; -1 with errno. */
int unread_names(const char *folder, stralloc *names);

/* Append the lines of a file that count, if it can be read; or of all files in a directory but
 * for those that are secret. */
void unread_lines(const char *file, stralloc *lines);
void unread_all(const char *folder, stralloc *lines);

/* Do the lines have this word, and not as a part of a longer one? */
int unread_word(const stralloc *lines, const char *word);

/* Do programs read a file or directory of this name? */
int unread_known(const char *name);

/* A name that programs read and that is hardly another one: one letter or two are wrong,
 * missing, too much, or stand in the place of each other. Or 0. */
const char *unread_near(const char *name);

#endif
