#ifndef CM_PASS_H
#define CM_PASS_H

/* Open descriptors handed from process to process, through a local socket. */

#include <stddef.h>
#include <sys/types.h>

/* Send the bytes, at least one, and with the first of them the descriptor; -1:
 * none. 1; -1 with errno (EMSGSIZE: a stream took only some of them). */
int pass_send(int to, const void *bytes, size_t len, int fd);

/* Receive up to size bytes, and at most one descriptor, close on exec; *fd is
 * -1 if none came. Bytes received; 0: end; -1 with errno. */
ssize_t pass_receive(int from, void *bytes, size_t size, int *fd);

/* The same with several descriptors, of which there are at most PASS_MOST. They come
 * all or not at all: then each of fds is -1. */
#define PASS_MOST 8
int pass_send_all(int to, const void *bytes, size_t len, const int *fds, size_t count);
ssize_t pass_receive_all(int from, void *bytes, size_t size, int *fds, size_t count);

#endif
