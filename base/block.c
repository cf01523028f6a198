#include "block.h"

#include <string.h>

#define CELLS 65536  /* 4 MiB: counters and blocks of some 10,000 clients */
#define SHARED 64    /* bits of an IPv6 address that one client has all to itself */

const char *const block_reasons[BLOCK_REASONS] = { "connections", "rate", "harvest", "auth", "flood", "ndr" };

/* A cell of a block has the client's bytes in its counters, for those who list: */
enum { BYTES, MORE, LENGTH, REASON, MARK };
#define MARKED 0x626c6f63u  /* no counter goes so far */

int block_open(struct state *s)
{
  return state_open(s, "clients", CELLS);
}

void block_client(struct ip *ip, char client[IP_TEXT + 4])
{
  if (ip->len == 16) {
    memset(ip->bytes + SHARED / 8, 0, sizeof ip->bytes - SHARED / 8);
    ip->bits = SHARED;
  }
  ip_format(ip, client);
  if (ip->len == 16) stpcpy(client + strlen(client), "/64");
}

/* Its cell, with the bucket locked. As state_get. */
static int get(struct state *s, const struct ip *client, uint64_t since, struct cell *c)
{
  static const char word[] = "block ";
  char key[sizeof word - 1 + SHARED / 8];
  size_t len = client->len == 4 ? 4 : SHARED / 8;

  memcpy(key, word, sizeof word - 1);
  memcpy(key + sizeof word - 1, client->bytes, len);
  return state_get(s, key, sizeof word - 1 + len, since, c);
}

/* What a cell says, if it is one of a block. 1 or 0. */
static int scan(const struct cell *c, struct ip *client, struct block *b)
{
  if (c->count[MARK] != MARKED || c->count[REASON] >= BLOCK_REASONS ||
      (c->count[LENGTH] != 4 && c->count[LENGTH] != 16)) return 0;
  memset(client, 0, sizeof *client);
  client->len = c->count[LENGTH];
  client->bits = (unsigned int) client->len * 8;
  memcpy(client->bytes, c->count + BYTES, client->len == 4 ? 4 : SHARED / 8);
  block_client(client, b->client);
  b->reason = c->count[REASON];
  b->since = c->first;
  b->until = c->last;
  return 1;
}

int block_find(struct state *s, const struct ip *client, uint64_t now, struct block *b)
{
  struct cell c;
  struct ip ip;
  int r = get(s, client, now + 1, &c);

  if (r == -1) return -1;
  state_leave(s, &c);
  return r && scan(&c, &ip, b);
}

int block_set(struct state *s, const struct ip *client, const struct block *b)
{
  struct cell c;

  if (get(s, client, 0, &c) == -1) return -1;
  c.first = b->since;
  c.last = b->until;
  memset(c.count, 0, sizeof c.count);
  memcpy(c.count + BYTES, client->bytes, client->len == 4 ? 4 : SHARED / 8);
  c.count[LENGTH] = (uint32_t) client->len;
  c.count[REASON] = b->reason;
  c.count[MARK] = MARKED;
  return state_set(s, &c);
}

int block_lift(struct state *s, const struct ip *client, uint64_t now)
{
  struct cell c;
  int r = get(s, client, now + 1, &c);

  if (r == -1) return -1;
  if (r == 0) {
    state_leave(s, &c);
    return 0;
  }
  c.last = now;
  return state_set(s, &c);
}

int block_next(struct state *s, unsigned long *at, uint64_t now, struct block *b)
{
  struct cell c;
  struct ip ip;
  int r;

  while ((r = state_next(s, at, &c)) == 1)
    if (c.last > now && scan(&c, &ip, b)) return 1;
  return r;
}
