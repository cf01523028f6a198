#ifndef CM_HEADING_H
#define CM_HEADING_H

/* The header of the message that a stage got on descriptor 0. */

#include "header.h"

/* Read it. Trouble ends the stage, and so does a header that is too large. */
void heading_read(struct header *header);

#endif
