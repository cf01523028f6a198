#ifndef CM_SPELL_H
#define CM_SPELL_H

/* File names as mail readers and systems come to spell them, and what is wrong
 * with them. */

#include "attach.h"

enum {
  SPELL_RTLO   = 1,  /* written backwards in part */
  SPELL_TRICK  = 2,  /* controls, or characters that hide the extension */
  SPELL_DOUBLE = 4,  /* a program's extension behind that of a document */
  SPELL_PASSIVE = 8, /* a picture, sound or document that runs nothing and holds no files */
  SPELL_HTML   = 16,
  SPELL_MAIL   = 32, /* a message */
  SPELL_HOLDS  = 64, /* an archive; which programs find wherever it begins */
  SPELL_PAPER  = 128 /* a document, picture, sound or film, whose program opens nothing else */
};

/* What the lists say in the worst of all readings of a name; *which is that
 * reading, *marks gets SPELL_ bits of all. whole: as for attach_ask(). 1, or 0 without memory. */
int spell_ask(const struct attach *attach, const struct readings *names, int whole,
              struct decision *decision, size_t *which, unsigned int *marks);

/* The extension that goes with a type that may be opened as a program though no name says
 * so, or 0. */
const char *spell_type(const char *type, size_t len);

#endif
