#ifndef CM_PUMP_H
#define CM_PUMP_H

/* Bytes both ways between two ends, until both directions are over. What was
 * read of one end waits in a buffer of its own until the other end has taken
 * it, and meanwhile no more is read: that is all the memory there is. */

#include <sys/types.h>

enum { PUMP_WAIT = -1, PUMP_BROKEN = -2 };

/* One end, on descriptors that do not block. Its functions are tried first; one
 * that can do nothing now gives PUMP_WAIT, and in *want POLLIN (for in) or
 * POLLOUT (for out). A read that has taken all there is may say so at once: *want,
 * which was 0, is set beside the bytes. */
struct pump_end {
  int in, out;
  /* Bytes; 0: the other side ended in order; PUMP_WAIT; PUMP_BROKEN: it is cut off. */
  ssize_t (*read)(struct pump_end *, char *, size_t, short *want);
  /* Bytes, at least one; PUMP_WAIT; PUMP_BROKEN. */
  ssize_t (*write)(struct pump_end *, const char *, size_t, short *want);
  /* Nothing more will be written. orderly: so the opposite end's side wanted
   * it. 0; PUMP_WAIT; PUMP_BROKEN. */
  int (*finish)(struct pump_end *, int orderly, short *want);
};

enum pump_result {
  PUMP_DONE,  /* both ended in order, or the near one was closed */
  PUMP_CUT,   /* the far end was cut off */
  PUMP_IDLE   /* nothing moved for too long */
};

/* Pump until both directions are over. far: the network; near: the program that
 * is served. When near is closed for good, what it wrote still goes to far,
 * for a moment. idle: seconds without a byte in either direction. */
enum pump_result pump(struct pump_end *far, struct pump_end *near, unsigned long idle);

/* An end of two plain descriptors, which become non-blocking: its functions, for
 * who wants no others. 1, or -1 with errno. */
int pump_plain(struct pump_end *end, int in, int out);

#endif
