#ifndef CM_CLOCK_H
#define CM_CLOCK_H

/* Milliseconds of a clock that nobody sets: for deadlines and durations. */
long long clock_ms(void);

/* The same as the kernel last noted it, at most some 10 ms ago: for limits that
 * are looked at again and again. It costs a tenth. */
long long clock_about(void);

#endif
