#ifndef CM_CONTROL_H
#define CM_CONTROL_H

/* Control files, cm-control(5). A relative name such as "control/size" or
 * "lists/friends.cdb" is looked up below the working directory (the port) and,
 * missing there, below $CM_HOME (the suite). A line's trailing blanks are not
 * part of it; lines that are empty or begin with # do not count. */

#include "owfat.h"

#define CONTROL_MAX 1048576  /* bytes in one file */

/* The suite's home: $CM_HOME, or conf-home as it was built in. */
const char *control_home(void);

/* Put the words, up to a (char *) 0, into trouble, 0-terminated; where there is no memory for
 * them its length is 0. Gives back 0. */
int control_trouble(stralloc *trouble, ...) __attribute__((sentinel));

/* What a trouble says, and what one says for which there was no memory. */
const char *control_words(const stralloc *trouble);

/* Open for reading, close-on-exec: the port's file or the suite's.
 * A descriptor, or -1 with errno (ENOENT: in neither place). */
int control_open(const char *name);

/* Learn which files there are below both control directories, so that one that
 * is in neither costs no system call from now on: for programs that read many.
 * Where that cannot be learnt, everything is as before. 1; 0 with trouble, 0-terminated:
 * a directory that says what shall be done can be changed by others, trust.h. */
int control_survey(stralloc *trouble);

/* Append the file's bytes to data. 1; 0: there is no such file; -1 with errno
 * (EFBIG: above CONTROL_MAX). */
int control_read(const char *name, stralloc *data);

/* The next line that counts. *at: where to go on, 0 at first. *number, if not
 * 0, counts all lines. 1: line points into data and has len bytes. 0: no more. */
int control_next(const stralloc *data, size_t *at, const char **line, size_t *len,
                 unsigned int *number);

/* The first line that counts, 0-terminated. 1; 0: no such file or nothing in
 * it, line is empty; -1 with errno. */
int control_line(const char *name, stralloc *line);

/* The first line as a number, with k, m or g behind it for powers of 1024.
 * *value stays where the file is missing. 1; 0: no such file; -1 with errno
 * (EINVAL: not a number). */
int control_number(const char *name, unsigned long *value);

/* Is there such a file, and what it says is not "no"? It may be empty. 1 or 0; -1
 * with errno. */
int control_switch(const char *name);

/* The name of this host in our answers and fields: control/me, or the system's.
 * 0-terminated. 1; -1 with errno. */
int control_me(stralloc *name);

/* Read a number with k, m or g behind it from len bytes. 1, or 0: none. */
int control_scan(const char *text, size_t len, unsigned long *value);

#endif
