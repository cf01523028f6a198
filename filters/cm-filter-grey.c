/* cm-filter-grey: greylisting, RFC 6647. Who is unknown is told to try again; a mail
 * server does, most programs that send in bulk do not. Unknown is the sender's
 * domain, if SPF says that it is that domain's mail, or else the network of the
 * client; together with the sender and each recipient. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "authres.h"
#include "control.h"
#include "digits.h"
#include "envelope.h"
#include "ip.h"
#include "stage.h"
#include "state.h"

/* Counters of a cell. */
enum { TRIED, PASSED };

static struct {
  const char *name;
  unsigned long value, least, most;
} options[] = {
  { "delay",  300,     1,    86400 },     /* seconds until a try counts as a second one */
  { "window", 86400,   2,    864000 },    /* in which it must come */
  { "keep",   3110400, 2,    315360000 }, /* for which who has passed is known */
  { "trust",  5,       0,    1000000 },   /* messages after which a client is known by itself */
  { "ipv4",   24,      8,    32 },        /* bits of a network */
  { "ipv6",   64,      16,   128 },
  { "cells",  131072,  STATE_LEAST, STATE_MOST }  /* of a new file */
};
enum { DELAY, WINDOW, KEEP, TRUST, IPV4, IPV6, CELLS, OPTIONS };

static struct state state;
static uint64_t now;
static stralloc client;  /* what the client is known by */

static unsigned long option(int which)
{
  return options[which].value;
}

static void read_options(char **argv)
{
  size_t len, i;

  for (; *argv; ++argv) {
    len = strcspn(*argv, "=");
    for (i = 0; i < OPTIONS; ++i)
      if (strlen(options[i].name) == len && !memcmp(options[i].name, *argv, len) && (*argv)[len] &&
          control_scan(*argv + len + 1, strlen(*argv + len + 1), &options[i].value) &&
          options[i].value >= options[i].least && options[i].value <= options[i].most) break;
    if (i == OPTIONS) stage_die("not an option, or out of its range: ", *argv);
  }
  if (option(WINDOW) <= option(DELAY)) stage_die("window= must be longer than delay=");
}

/* Who the client is ---------------------------------------------------------- */

/* The domain of the sender, where SPF passes for it: one of our own stages said so. */
static const char *proven(const char *sender)
{
  static struct authres results;
  const char *at = strrchr(sender, '@'), *said, *of;
  int r;

  if (!at || !at[1]) return 0;
  if (authres_open(&results) == -1) stage_diesys("unable to read CM_FIELDS");
  while ((r = authres_next(&results)) == 1) {
    if (strcmp(authres_method(&results), "spf") || strcmp(authres_said(&results), "pass")) continue;
    of = authres_value(&results, "smtp.mailfrom");
    said = of ? strrchr(of, '@') : 0;
    said = said ? said + 1 : of;
    if (said && !case_diffs(said, at + 1)) return at + 1;
  }
  if (r == -1) stage_diesys("unable to read CM_FIELDS");
  return 0;
}

static void add(stralloc *to, const char *text)
{
  if (!stralloc_cats(to, text)) stage_nomem();
}

static void identify(const char *sender)
{
  const char *address = getenv("TCPREMOTEIP"), *domain = proven(sender);
  char text[IP_TEXT];
  struct ip ip;
  size_t i;
  unsigned int bits;

  client.len = 0;
  if (domain) {
    add(&client, "spf ");
    add(&client, domain);
    return;
  }
  if (!address || !ip_scan(address, strlen(address), &ip)) stage_die("the client has no address");
  bits = (unsigned int) option(ip.len == 4 ? IPV4 : IPV6);
  for (i = 0; i < ip.len; ++i, bits = bits > 8 ? bits - 8 : 0)
    ip.bytes[i] &= (unsigned char) (bits >= 8 ? 0xff : 0xff00 >> bits);
  ip_format(&ip, text);
  add(&client, "net ");
  add(&client, text);
}

/* What is known -------------------------------------------------------------- */

static void lower(stralloc *key)
{
  case_lowerb(key->s, key->len);
}

static void get(const stralloc *key, uint64_t since, struct cell *cell)
{
  if (state_get(&state, key->s, key->len, since, cell) == -1) stage_diesys("unable to read state/grey");
}

static void set(struct cell *cell)
{
  cell->last = now;
  if (state_set(&state, cell) == -1) stage_diesys("unable to write state/grey");
}

/* Has it sent so much that it need not wait any more? */
static int trusted(void)
{
  struct cell cell;
  int r;

  if (!option(TRUST)) return 0;
  get(&client, now - option(KEEP), &cell);
  r = cell.count[PASSED] >= option(TRUST);
  if (r) set(&cell);
  else state_leave(&state, &cell);
  return r;
}

static void pass(void)
{
  struct cell cell;

  if (!option(TRUST)) return;
  get(&client, now - option(KEEP), &cell);
  if (!cell.first) cell.first = now;
  if (cell.count[PASSED] < option(TRUST)) ++cell.count[PASSED];
  set(&cell);
}

/* How many seconds this sender and recipient have to wait. The first try counts
 * from when it came; one that comes again too early changes nothing, and one that
 * comes too late is a first one. */
static unsigned long wait_for(const char *sender, const char *recipient)
{
  static stralloc key;
  struct cell cell;
  uint64_t age;

  if (!stralloc_copy(&key, &client)) stage_nomem();
  add(&key, "\n");
  add(&key, sender);
  add(&key, "\n");
  add(&key, recipient);
  lower(&key);
  get(&key, now - option(KEEP), &cell);
  age = now - cell.first;
  if (!cell.count[PASSED] && (!cell.first || cell.first > now || age > option(WINDOW))) {
    cell.first = now;
    age = 0;
  }
  if (cell.count[TRIED] != UINT32_MAX) ++cell.count[TRIED];
  if (age >= option(DELAY)) cell.count[PASSED] = 1;
  set(&cell);
  return cell.count[PASSED] ? 0 : (unsigned long) (option(DELAY) - age);
}

/* One answer for all recipients: the longest wait of any. All are remembered from
 * now on, so that they have waited together. */
static unsigned long longest(const char *sender)
{
  static stralloc list;
  size_t count = envelope_recipients(&list), at;
  unsigned long wait = 0, one;

  if (!count) return wait_for(sender, "");
  for (at = 0; at < list.len; at += strlen(list.s + at) + 1) {
    one = wait_for(sender, list.s + at);
    if (one > wait) wait = one;
  }
  return wait;
}

int main(int argc, char **argv)
{
  const char *sender = getenv("SENDER"), *who = getenv("CM_AUTH");
  char seconds[24];
  unsigned long wait;

  stage_begin("cm-filter-grey", 1);
  read_options(argv + (argc > 0));
  if (who && *who) return VERDICT_DELIVER;
  now = (uint64_t) time(0);
  identify(sender ? sender : "");
  lower(&client);
  if (state_open(&state, "grey", option(CELLS)) == -1) stage_diesys("unable to open state/grey");
  if (trusted()) return VERDICT_DELIVER;
  wait = longest(sender ? sender : "");
  if (wait) {
    *digits(seconds, wait, 10, 1) = 0;
    stage_end(VERDICT_DEFER, "4.7.1 greylisted, try again in ", seconds, " seconds");
  }
  pass();
  return VERDICT_DELIVER;
}
