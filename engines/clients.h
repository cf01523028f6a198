#ifndef CM_CLIENTS_H
#define CM_CLIENTS_H

/* Those who ask, in clamd's protocol. Everything they send has a limit, a whole
 * command has one in time, and what they say is not read but for its commands. */

#include <poll.h>
#include <stddef.h>

#define CLIENTS 256

struct clients_settings {
  unsigned long stream;     /* bytes of a message that is sent */
  unsigned long seconds;    /* for one command and its message */
  const char *directory;    /* where these are kept meanwhile, without a name */
};

void clients_begin(const struct clients_settings *settings);

/* Somebody has connected. */
void clients_add(int fd);

/* Is there room for more? 1 or 0. */
int clients_room(void);

/* As with crew_watch(), for at most CLIENTS. */
size_t clients_watch(struct pollfd *polls);
void clients_serve(const struct pollfd *polls, size_t count);

/* No more commands from now on. Are there some that wait for an answer? 1 or 0. */
int clients_end(void);

#endif
