/* A line of a client's, as a command and as its parameters: what is understood of
 * it lies inside of it, holds nothing that could begin another command, and
 * says the same when it is read once more.
 * modules: smtpproxy/command.c */

#include "command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

#define ALL (SMTPC_SIZE | SMTPC_8BITMIME | SMTPC_SMTPUTF8 | SMTPC_DSN)

/* Append " NAME=VALUE". */
static void give(stralloc *line, const char *name, const stralloc *value)
{
  size_t i;

  if (!value->len) return;
  must(strlen(value->s) == value->len && value->len <= 1000);
  for (i = 0; i < value->len; ++i) must(value->s[i] > 32 && value->s[i] < 127);
  must(stralloc_cats(line, name) && stralloc_catb(line, value->s, value->len));
}

static int same(const stralloc *a, const stralloc *b)
{
  return a->len == b->len && (!a->len || !memcmp(a->s, b->s, a->len));
}

static void params(const char *args, size_t len, int rcpt, unsigned int offers)
{
  static struct params p, q;
  static stralloc line;
  int r = command_params(args, len, rcpt, offers, &p);

  must(r == 1 || r == 501 || r == 555);
  if (r != 1) return;
  must((offers & SMTPC_SIZE) || !p.size_given);
  must((offers & SMTPC_8BITMIME) || !(p.body8 || p.body7));
  must((offers & SMTPC_SMTPUTF8) || !p.smtputf8);
  must((offers & SMTPC_DSN) || !(p.ret.len || p.envid.len || p.notify.len || p.orcpt.len));
  must(!(p.body8 && p.body7) && !(rcpt && (p.size_given || p.body8 || p.body7 || p.smtputf8 || p.ret.len || p.envid.len)));
  line.len = 0;
  give(&line, " RET=", &p.ret);
  give(&line, " ENVID=", &p.envid);
  give(&line, " NOTIFY=", &p.notify);
  give(&line, " ORCPT=", &p.orcpt);
  if (line.len) must(command_params(line.s + 1, line.len - 1, rcpt, offers, &q) == 1);
  else must(command_params("", 0, rcpt, offers, &q) == 1);
  must(same(&p.ret, &q.ret) && same(&p.envid, &q.envid) && same(&p.notify, &q.notify) && same(&p.orcpt, &q.orcpt));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *line = malloc(size + 1);
  const char *args;
  struct address a;
  size_t len;
  unsigned int offers;
  enum verb verb;
  int rcpt;

  must(line != 0);
  memcpy(line, data, size);
  verb = command_verb(line, size, &args, &len);
  must(verb <= VERB_FOREIGN && args >= line && args + len <= line + size);
  must(verb == VERB_UNKNOWN || (!memchr(line, 0, size) && !memchr(line, '\r', size)));
  for (offers = 0; offers <= ALL; offers += 1 + offers / 4)
    for (rcpt = 0; rcpt < 2; ++rcpt) params(line, size, rcpt, offers);
  if (command_path(verb == VERB_RCPT ? "TO:" : "FROM:", &args, &len, &a) == 1) {
    must(args >= line && args + len <= line + size);
    params(args, len, verb == VERB_RCPT, ALL);
  }
  free(line);
  return 0;
}
