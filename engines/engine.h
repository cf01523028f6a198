#ifndef CM_ENGINE_H
#define CM_ENGINE_H

/* The engine that stands: the process that holds it, and while new signatures are
 * loaded that of its successor. What there is serves until the other one is ready. */

#include <poll.h>

#include "holder.h"

#define ENGINE_POLLS 2

/* Start the first holder; the settings stay the caller's. forked is told of each
 * scanner that was asked for: its process, or -1 and why not. 1, or -1 with errno. */
int engine_begin(const struct holder_settings *settings, const char *directory,
                 void (*forked)(unsigned int serial, pid_t pid, const char *why));

/* 1: an engine stands; 0: it is being loaded; -1: it could not be, and there is none. */
int engine_ready(void);

/* How many have stood so far: another number is another engine. */
unsigned int engine_generation(void);

/* "ClamAV VERSION" of the one that stands. */
const char *engine_version(void);

/* Have new signatures loaded. */
void engine_reload(void);

/* Ask for a scanner of the engine that stands, with this serial and channel. 1 or -1. */
int engine_fork(unsigned int serial, int channel);

/* Into the array, what to wait for; ENGINE_POLLS. Then serve what came. */
void engine_watch(struct pollfd *polls);
void engine_serve(const struct pollfd *polls);

/* What is due without that; at least once a second. */
void engine_overdue(void);

/* Is this process a holder, of whatever generation? 1 or 0. */
int engine_keeps(pid_t pid);

/* Kill a child of ours and learn how it ended; status may be 0. */
void engine_kill(pid_t pid, int *status);

/* End all holders, and wait for them. */
void engine_end(void);

#endif
