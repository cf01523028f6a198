#ifndef CM_WORDS_H
#define CM_WORDS_H

/* The arguments of a stage that asks a daemon: [ADDRESS] [NAME=VALUE...] */

struct word {
  const char *name;
  const char *value;  /* what the last NAME=VALUE said; before, what is usual, or 0 */
};

/* Read them into the words, of which the last has no name. The address is the
 * first line of the control file where there is none, or else what is usual.
 * An argument that is neither ends the stage with its usage. */
const char *words_read(char **args, struct word *words, const char *file, const char *usual,
                       const char *usage);

/* A value as a verdict; what is none ends the stage. */
int words_verdict(const struct word *word);

/* A value as a size in bytes. */
unsigned long words_size(const struct word *word);

/* A value as a score, in thousandths. */
long words_score(const struct word *word);

#endif
