#ifndef CM_LETTER_H
#define CM_LETTER_H

/* A message as a file: the attachments in it, as base/mime reads it. */

#include "look.h"

/* Print the attachments under all their names, and look into them. */
void letter_look(int fd, const struct level *level);

#endif
