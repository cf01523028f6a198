#ifndef CM_OFFICE_H
#define CM_OFFICE_H

/* What compound files are and hold: documents of Office before 2007, encrypted
 * ones of later, messages of Outlook, packages of Windows Installer. */

#include "kind.h"
#include "look.h"

/* doc, xls, ppt, msg, msi, ...; or ole. */
const struct kind *office_kind(int fd);

/* Set the flags, print what is embedded, and look into it. */
void office_look(int fd, const struct level *level);

#endif
