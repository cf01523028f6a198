#ifndef CM_UNPACK_H
#define CM_UNPACK_H

/* Parts in files of their own, decoded. Trouble ends the program, as stage.h has it. */

#include "mime.h"
#include "transfer.h"

/* The decoded body of the part of the message in fd. A multipart gets its Content-Type
 * fields before it; text gets the empty line that makes it a message. */
int unpack(int fd, const struct mime_part *part, enum transfer_kind kind, enum transfer_style style,
           int as_message);

/* An empty file in memory. */
int unpack_file(void);

#endif
