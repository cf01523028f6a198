#ifndef CM_LANDLOCK_H
#define CM_LANDLOCK_H

/* Landlock: what a process gives up for itself and all its descendants, as far as
 * the kernel knows of it. The one door to these system calls. A process in a domain
 * cannot trace, or read the memory of, one that is not in it, whatever else it gave
 * up. */

#include <stdint.h>

/* Rights to files. */
enum {
  LANDLOCK_EXECUTE = 1 << 0, LANDLOCK_WRITE = 1 << 1, LANDLOCK_READ = 1 << 2, LANDLOCK_LIST = 1 << 3,
  LANDLOCK_REFER = 1 << 13,     /* link and rename from one directory to another; level 2 */
  LANDLOCK_TRUNCATE = 1 << 14,  /* level 3 */
  LANDLOCK_DEVICE = 1 << 15,    /* ioctl; level 5 */
  LANDLOCK_MAKE = 0x1ff0 & ~(1 << 6) & ~(1 << 11)  /* make, remove, rename; but no devices */
};

struct landlock {
  uint64_t files;  /* rights that are given up but for where a rule gives them */
  uint64_t net;    /* 1: a port for TCP, 2: connecting by TCP; level 4 */
  uint64_t scope;  /* 1: abstract sockets, 2: signals, of and to those outside; level 6 */
};

/* The kernel's level; 0: it has no Landlock. */
int landlock_level(void);

/* All that can be given up at a level. */
struct landlock landlock_all(int level);

/* Rules to be filled in, or -1 with errno. */
int landlock_make(const struct landlock *all);

/* Give rights below a directory, or those of them that make sense for a file to a
 * file. 2: it was a directory; 1; 0: there is no such file, or one that nobody finds
 * by a name; -1 with errno. */
int landlock_path(int rules, const char *path, uint64_t rights);

/* Let connect to a port by TCP. 1; -1 with errno. */
int landlock_port(int rules, unsigned int port);

/* Give up only what no honest program notices: signals to those outside, and the
 * tracing and reading of their memory that every domain forbids. 1; 0: the kernel is
 * older than level 6, where that would cost more; -1 with errno. */
int landlock_guard(void);

/* Enter, for good. 1; -1 with errno. */
int landlock_enter(int rules);

#endif
