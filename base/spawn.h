#ifndef CM_SPAWN_H
#define CM_SPAWN_H

/* Start a program as a process group of its own, under limits, with four
 * descriptors, or six, and nothing else of ours; learn why it could not start; end it
 * with everything it started. All our own descriptors are close-on-exec. */

#include <sys/types.h>

#include "owfat.h"

struct spawn {
  const char *path;        /* the file; 0: argv[0], looked for along PATH */
  char *const *argv;
  char *const *env;
  int fd[4];               /* which of ours become its 0 to 3; -1: closed */
  int more[3];             /* which become 4, 5 and 6; 0 or -1: closed */
  unsigned long memory;    /* bytes of address space; 0 in each of these: as ours is */
  unsigned long cpu;       /* seconds of processor time */
  unsigned long filesize;  /* bytes of a file it writes; more ends it by SIGXFSZ */
  int nice;
  int setuid;              /* 1: a set-user-ID bit counts, as qmail-queue needs; PDEATHSIG is then void */
  int unwatched;           /* 1: no pidfd; who takes SIGCHLD and asks spawn_ended() saves it */
  int calm;                /* 1: the caller handles no signal by a function, so that none need be held back */
  int (*enter)(void *);    /* 0, or what the new process does last, in our memory, before it becomes
                            * the program: 1, or -1 with errno */
  void *with;              /* what enter is called with */
  pid_t pid;               /* of the running program and its group; 0: none */
  int pidfd;               /* readable once it has ended; -1: none */
};

/* Look name up along PATH; a name with a slash is taken as it is. path: the
 * file, 0-terminated, not empty. 1; -1 with errno (ENOENT: there is no such
 * program, EACCES: it may not be executed). */
int spawn_find(const char *name, stralloc *path);

/* Start it. It dies with us, has the default action for every signal, except
 * for one that we began to ignore after the first start, and no core. A limit that would
 * be above one of ours stays ours (not for root). 1; -1 with errno of what failed, the exec
 * included: then nothing runs. */
int spawn_start(struct spawn *s);

/* Has it ended? Then it is reaped, with *code as spawn_reap() gives it. group: 1, what is left
 * of its group is killed, which costs as much again; 0, it is for spawn_strays(). 1 or 0. */
int spawn_ended(struct spawn *s, int group, int *code);

/* Send a signal to the group, as long as spawn_reap() was not called. */
void spawn_kill(const struct spawn *s, int signal);

/* Wait for the end of the program, kill what is left of its group and close
 * pidfd. Its exit code, or the negated number of the signal that ended it. */
int spawn_reap(struct spawn *s);

/* End it: SIGTERM, after ms milliseconds SIGKILL, to the whole group. 0, or
 * without a pidfd: kill at once. Returns as spawn_reap() does. */
int spawn_stop(struct spawn *s, int ms);

/* From now on descendants whose parent ended become our children. 1 or -1. */
int spawn_adopt(void);

/* For a process that landlock_guard() has kept, with 1, from signalling anybody but its
 * descendants: spawn_strays() then kills them all at one blow, however fast they fork. */
void spawn_enclosed(void);

/* Kill and reap all children, those that left their group included; for a
 * process that called spawn_adopt() and has no child it wants to keep. Gives up
 * after about a second. 1: none is left; 0: some are; -1 with errno. */
int spawn_strays(void);

#endif
