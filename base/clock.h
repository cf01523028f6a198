#ifndef CM_CLOCK_H
#define CM_CLOCK_H

/* Milliseconds of a clock that nobody sets: for deadlines and durations. */
long long clock_ms(void);

#endif
