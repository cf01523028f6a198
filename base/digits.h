#ifndef CM_DIGITS_H
#define CM_DIGITS_H

/* Numbers of fixed width, and the time made of them. */

/* Write n in base 2 to 16, zeros before it to make at least so many digits.
 * Behind the last digit; no 0 is written there. */
char *digits(char *to, unsigned long n, unsigned int base, unsigned int least);

#define DIGITS_TIME 25  /* with the 0 behind it */

/* The time now in UTC, RFC 3339 with milliseconds: 2026-01-31T23:59:59.999Z */
void digits_time(char text[DIGITS_TIME]);

#endif
