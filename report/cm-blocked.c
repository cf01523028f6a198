/* cm-blocked: clients that cm-smtpd has blocked for a time: list them, and let them
 * come again. It changes nothing else, and makes no state where there is none. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "block.h"
#include "control.h"
#include "home.h"
#include "print.h"
#include "table.h"

#define USAGE "usage: cm-blocked list [-t] | lift ADDRESS... | lift all"

static struct state state;
static uint64_t now;

/* 1, or 0: no client was ever counted here. */
static int open_state(void)
{
  static stralloc path;
  int dir, there;

  if (!stralloc_copys(&path, control_home()) || !stralloc_cats(&path, "/state") || !stralloc_0(&path))
    die(111, "out of memory");
  dir = open(path.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir == -1 && errno == ENOENT) return 0;
  if (dir == -1) diesys(111, "unable to open ", path.s);
  if (home_become(dir) == -1) diesys(111, "unable to become the owner of ", path.s);
  there = faccessat(dir, "clients", F_OK, 0) == 0 || errno != ENOENT;
  close(dir);
  if (there && block_open(&state) == -1) diesys(111, "unable to open ", path.s, "/clients");
  return there;
}

/* 1, or 0: there is no other. */
static int next(unsigned long *at, struct block *b)
{
  int r = block_next(&state, at, now, b);

  if (r == -1) diesys(111, "unable to read state/clients");
  return r;
}

static void add(stralloc *rows, const char *cell, const char *end)
{
  if (!stralloc_cats(rows, cell) || !stralloc_cats(rows, end)) die(111, "out of memory");
}

static void add_time(stralloc *rows, uint64_t seconds, const char *end)
{
  time_t when = (time_t) seconds;
  char text[24] = "-";
  struct tm t;

  if (!gmtime_r(&when, &t) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t)) text[1] = 0;
  add(rows, text, end);
}

static void list(int tabs)
{
  static stralloc rows, table;
  struct block b;
  unsigned long at = 0;

  if (!tabs) add(&rows, "client\tlimit\tsince\tuntil", "\n");
  while (next(&at, &b)) {
    add(&rows, b.client, "\t");
    add(&rows, block_reasons[b.reason], "\t");
    add_time(&rows, b.since, "\t");
    add_time(&rows, b.until, "\n");
  }
  if (!tabs && !table_align(&rows, &table)) die(111, "out of memory");
  print_bytes(tabs ? rows.s : table.s, tabs ? rows.len : table.len);
}

/* 1, or 0: it is not blocked. */
static int lift(const struct ip *client)
{
  int r = block_lift(&state, client, now);

  if (r == -1) diesys(111, "unable to write state/clients");
  return r;
}

static void lift_all(void)
{
  struct block b;
  struct ip ip;
  unsigned long at = 0;

  while (next(&at, &b))
    if (ip_scan_network(b.client, strlen(b.client), &ip)) lift(&ip);
}

static int lift_each(char **words, int there)
{
  char client[IP_TEXT + 4];
  struct ip ip;
  int code = 0;

  for (; *words; ++words) {
    if (!ip_scan_network(*words, strlen(*words), &ip)) die(100, "not an address: ", *words);
    block_client(&ip, client);
    if (there && lift(&ip)) continue;
    carp(*words, ": is not blocked");
    code = 1;
  }
  return code;
}

int main(int argc, char **argv)
{
  int there, code = 0;

  errmsg_iam("cm-blocked");
  now = (uint64_t) time(0);
  argv += argc > 0;
  argc -= 1;
  if (argc < 1) die(100, USAGE);
  there = open_state();
  if (!strcmp(*argv, "list") && (argc == 1 || (argc == 2 && !strcmp(argv[1], "-t")))) {
    if (there) list(argc == 2 || !isatty(1));
  }
  else if (!strcmp(*argv, "lift") && argc == 2 && !strcmp(argv[1], "all")) {
    if (there) lift_all();
  }
  else if (!strcmp(*argv, "lift") && argc > 1) code = lift_each(argv + 1, there);
  else die(100, USAGE);
  if (print_end() == -1) diesys(111, "unable to write");
  return code;
}
