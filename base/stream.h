#ifndef CM_STREAM_H
#define CM_STREAM_H

/* One connection: bounded lines in, whole buffers out, and a deadline on
 * everything. A socket waits inside the kernel (SO_RCVTIMEO, SO_SNDTIMEO), so
 * that a read is one system call, and a write too, which asks for time only
 * where there is no room; pipes and files, as in trying by hand, are polled. */

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct stream {
  int in, out;             /* descriptors; the same for an upstream; -1: closed */
  char *buffer;            /* the caller's, size bytes; pos to len is unread */
  size_t size, pos, len;
  long long whole;         /* milliseconds, as stream_limit has set them */
  long long deadline;      /* when they are over, by clock_about(); 0: they count from the next wait on; -1: from the one after that */
  long waits[2];           /* what the kernel's time limits stand at, milliseconds */
  int socket;              /* whether it has such limits */
  int stops;               /* SIGTERM ends a read; set by who wants that, behind stream_begin */
  unsigned long long got, sent;  /* bytes since stream_begin */
};

/* Set by the handler of SIGTERM: reads of streams that stop end with EINTR. */
extern volatile sig_atomic_t stream_stopped;

/* For a front end: SIGTERM sets that, and ends reading at once and for good, of
 * descriptor 0 and of *other, where other is not 0 and has an open socket. SIGPIPE is
 * ignored. */
void stream_signals(const int *other);

/* Take over the descriptors; nothing is read. seconds: what stream_limit will
 * mostly say, so that the kernel needs to be told only once. */
void stream_begin(struct stream *s, int in, int out, char *buffer, size_t size,
                  unsigned long seconds);

/* Something of what is under way must come or go within so many seconds, and all the rest
 * within as many from then on. */
void stream_limit(struct stream *s, unsigned long seconds);

/* Read what is there behind what is unread, waiting until there is something.
 * Bytes read; 0: end; -1 with errno (ETIMEDOUT, EINTR, EMSGSIZE: buffer full). */
ssize_t stream_fill(struct stream *s);

/* The next line, without its CRLF or LF, in the buffer until the next call.
 * 1; 0: the end came first; -1 with errno (EMSGSIZE: longer than max, or than
 * the buffer; the line stays unread). */
int stream_line(struct stream *s, size_t max, char **line, size_t *len);

/* Write all. more: hold it back for what comes next (MSG_MORE). 1, or -1. */
int stream_write(struct stream *s, const char *data, size_t len, int more);

/* The same for count pieces, one behind the other. v is used up. */
int stream_writev(struct stream *s, struct iovec *v, size_t count, int more);

/* Write count bytes of the file fd from *offset on, by the kernel; held back
 * for what comes next. 1, or -1 with errno. */
int stream_sendfile(struct stream *s, int fd, off_t *offset, off_t count);

/* Is something there that nobody asked for, in the buffer or the socket?
 * Also when the other side has closed. 1 or 0. */
int stream_pending(const struct stream *s);

/* Is the other side still there? 1; 0: it is gone; -1: it has closed its own half behind lines
 * that we have not come to, and waits for answers. */
int stream_present(const struct stream *s);

/* Before the end of a connection whose other side may still be sending: closed with bytes
 * unread it takes what was said last with it. Ends our half, and reads on for a moment, so
 * that a client which was cut off learns why. */
void stream_part(struct stream *s);

#endif
