#ifndef CM_CLOCK_H
#define CM_CLOCK_H

/* What time it is. Who asks a few times and ends is answered by system calls: the
 * code by which the kernel answers without one must be found, mapped and read first. */

#include <time.h>

/* Milliseconds of a clock that nobody sets: for deadlines and durations. */
long long clock_ms(void);

/* The same as the kernel last noted it, at most some 10 ms ago: for limits that
 * are looked at again and again. It costs a tenth. */
long long clock_about(void);

/* What one of these two has said last; without asking anybody. 0: neither was called. */
long long clock_last(void);

/* The time of day. */
struct timespec clock_day(void);

#endif
