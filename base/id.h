#ifndef CM_ID_H
#define CM_ID_H

/* The id of a transaction: SECONDS.MICROSECONDS.PID.SEQUENCE.RANDOM, the
 * first two in decimal and of fixed width, so that ids sort by time; the others
 * in hex. It is used as a file name: nothing but digits, a to f and dots. */

#define ID_SIZE 40  /* with the 0 behind it */

/* A new one. No process gives the same twice, nor do two processes. */
void id_make(char id[ID_SIZE]);

/* Could id_make have made it? For what comes back through the environment or
 * an argument. 1 or 0. */
int id_valid(const char *id);

#endif
