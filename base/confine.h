#ifndef CM_CONFINE_H
#define CM_CONFINE_H

/* A process that works on what it has, and can reach nothing else. */

#include <stddef.h>

/* From here on: no new privileges, no core, not traced, so many bytes of memory,
 * of a file and seconds of processor time; and no system calls but those that
 * work on open descriptors and own memory. Any other call fails with EPERM.
 * 1, or -1 with errno. */
int confine(size_t memory, size_t file, unsigned int seconds);

/* The same for who asks the network, without the limits: sockets of the Internet
 * may be made and used, too, but none to wait for others at. Built with a
 * sanitizer it does nothing. */
int confine_to_network(void);

/* The same for who speaks on sockets that are open and needs no other, with a
 * limit on memory. Built with a sanitizer it does nothing. */
int confine_to_open(size_t memory);

/* The same for one that forks processes which do that and dies with none of them; and
 * for a process that it has forked, which from then on can make none. */
int confine_to_fork(size_t memory);
int confine_forked(void);

/* The same for one that must make files: the directory becomes its working
 * directory and the only place where it finds or makes any, as far as the kernel
 * has means for that; *how says which. Processor time has no limit. No network,
 * no process, no program, in any case. 1, or -1 with errno. */
enum { CONFINE_MOUNTED = 1,     /* the directory is a file system of its own, of so
                                 * many bytes as a file may have, and dies with it */
       CONFINE_LANDLOCKED = 2 };
int confine_to(const char *directory, size_t memory, size_t file, unsigned int *how);

#endif
