#ifndef CM_BLOCK_H
#define CM_BLOCK_H

/* Clients that are blocked for a time, in $CM_HOME/state/clients, base/state.h: an IPv4
 * address or an IPv6 network of 64 bits, whatever port it did wrong at. */

#include "ip.h"
#include "state.h"

/* Why, and the limits of control/limits by the same numbers. */
enum { BLOCK_CONNECTIONS, BLOCK_RATE, BLOCK_HARVEST, BLOCK_AUTH, BLOCK_FLOOD, BLOCK_NDR, BLOCK_REASONS };

extern const char *const block_reasons[BLOCK_REASONS];

struct block {
  char client[IP_TEXT + 4];  /* 192.0.2.1 or 2001:db8::/64 */
  unsigned int reason;
  uint64_t since, until;     /* seconds since 1970 */
};

/* Open the state that blocks and their counters are in. 1, or -1 with errno. */
int block_open(struct state *s);

/* What a client with this address is counted and blocked as: ip becomes that network. */
void block_client(struct ip *ip, char client[IP_TEXT + 4]);

/* Is the client, as block_client gave it, blocked now? 1, 0, or -1 with errno. */
int block_find(struct state *s, const struct ip *client, uint64_t now, struct block *b);

/* Block it from b->since until b->until for b->reason. 1, or -1 with errno. */
int block_set(struct state *s, const struct ip *client, const struct block *b);

/* Block it no more. 1; 0: it was not; -1 with errno. */
int block_lift(struct state *s, const struct ip *client, uint64_t now);

/* The next that is blocked now, in no order; *at: where to go on, 0 at first.
 * 1; 0: there is no more; -1 with errno. */
int block_next(struct state *s, unsigned long *at, uint64_t now, struct block *b);

#endif
