#ifndef CM_TNEF_H
#define CM_TNEF_H

/* winmail.dat, what Outlook makes of a message: the attachments in it. [MS-OXTNEF] */

#include "look.h"

/* Print the attachments, and look into them. */
void tnef_look(int fd, const struct level *level);

#endif
