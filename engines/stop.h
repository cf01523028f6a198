#ifndef CM_STOP_H
#define CM_STOP_H

/* How cm-tls and cm-tlsd end. */

enum { DONE = 0, CUT = 1, WRONG = 100, TROUBLE = 111 };  /* exit codes */

/* Say why, and end. */
void stop(int code, const char *what, const char *why) __attribute__((noreturn));

#endif
