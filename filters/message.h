#ifndef CM_MESSAGE_H
#define CM_MESSAGE_H

/* The message that a stage got on descriptor 0. */

#include <sys/types.h>

#define MESSAGE_MAX 1048576000  /* bytes that are copied from a pipe */

/* What is no file can be read only once and has no beginning to go back to:
 * make descriptor 0 a file in memory unless it is a file, and put it to its
 * beginning. Its size; trouble ends the stage. */
off_t message_file(void);

#endif
