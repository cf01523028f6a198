/* Blocked clients: who counts as one, found, listed, lifted, over. */
#include "tap.h"

#include <string.h>

#include "block.h"
#include "disk.h"

static struct state s;

static struct ip ip(const char *text, char *client)
{
  static char none[IP_TEXT + 4];
  struct ip i;

  if (!ip_scan(text, strlen(text), &i)) exit(111);
  block_client(&i, client ? client : none);
  return i;
}

static int set(const char *text, unsigned int reason, uint64_t since, uint64_t until)
{
  struct ip i = ip(text, 0);
  struct block b = { .reason = reason, .since = since, .until = until };

  return block_set(&s, &i, &b);
}

static int found(const char *text, uint64_t now, struct block *b)
{
  struct ip i = ip(text, 0);

  return block_find(&s, &i, now, b);
}

static int lift(const char *text, uint64_t now)
{
  struct ip i = ip(text, 0);

  return block_lift(&s, &i, now);
}

int main(void)
{
  char client[IP_TEXT + 4];
  struct block b;
  unsigned long at = 0;
  unsigned int n = 0;
  int four = 0, six = 0;

  disk_setup();
  disk_begin(0);
  ok(block_open(&s) == 1, "the state is made");
  ip("192.0.2.7", client);
  ok(!strcmp(client, "192.0.2.7"), "a client is an IPv4 address");
  ip("::ffff:192.0.2.7", client);
  ok(!strcmp(client, "192.0.2.7"), "however it is written");
  ip("2001:db8:0:1:2:3:4:5", client);
  ok(!strcmp(client, "2001:db8:0:1::/64"), "or 64 bits of IPv6");

  ok(found("192.0.2.7", 100, &b) == 0, "nobody is blocked by itself");
  ok(set("192.0.2.7", BLOCK_HARVEST, 100, 200) == 1 && set("2001:db8:0:1::5", BLOCK_AUTH, 100, 300) == 1, "two are blocked");
  ok(found("192.0.2.7", 100, &b) == 1 && b.reason == BLOCK_HARVEST && b.since == 100 && b.until == 200 &&
     !strcmp(b.client, "192.0.2.7"), "one is found, with all that is known");
  ok(found("2001:db8:0:1:ffff::", 299, &b) == 1 && b.reason == BLOCK_AUTH && !strcmp(b.client, "2001:db8:0:1::/64"),
     "as is the other, from another address of its network");
  ok(found("192.0.2.8", 100, &b) == 0 && found("2001:db8:0:2::5", 100, &b) == 0, "others are not");
  ok(found("192.0.2.7", 199, &b) == 1 && found("192.0.2.7", 200, &b) == 0, "when the time is over it is not blocked");

  while (block_next(&s, &at, 150, &b) == 1) {
    ++n;
    four += !strcmp(b.client, "192.0.2.7");
    six += !strcmp(b.client, "2001:db8:0:1::/64");
  }
  ok(n == 2 && four == 1 && six == 1, "both are listed");
  for (at = 0, n = 0; block_next(&s, &at, 250, &b) == 1; ++n) ;
  ok(n == 1, "later the other one");
  ok(lift("2001:db8:0:1::9", 250) == 1 && found("2001:db8:0:1::5", 250, &b) == 0, "one can be lifted");
  ok(lift("2001:db8:0:1::9", 250) == 0 && lift("192.0.2.8", 250) == 0, "who is not blocked cannot");
  ok(set("192.0.2.7", BLOCK_RATE, 400, 500) == 1 && found("192.0.2.7", 450, &b) == 1 && b.reason == BLOCK_RATE,
     "and blocked again");
  disk_remove();
  return done_testing();
}
