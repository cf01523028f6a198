/* A command line of SMTP taken apart. */
#include "command.h"

#include <string.h>

#include "smtpc.h"
#include "tap.h"

#define ALL (SMTPC_SIZE | SMTPC_8BITMIME | SMTPC_SMTPUTF8 | SMTPC_DSN)

static enum verb verb(const char *line, size_t len)
{
  const char *args;
  size_t n;

  return command_verb(line, len, &args, &n);
}

static int path(const char *text, struct address *a)
{
  size_t len = strlen(text);

  return command_path("FROM:", &text, &len, a);
}

static int is_path(const char *text, const char *address, const char *domain)
{
  struct address a;

  return path(text, &a) == 1 && !strcmp(a.text, address) && !strcmp(a.text + a.domain, domain);
}

static int params(const char *text, int rcpt, unsigned int offers, struct params *p)
{
  return command_params(text, strlen(text), rcpt, offers, p);
}

/* However a line is cut or what byte is changed in it, nothing is read beyond. */
static int survives(void)
{
  static const char seed[] = "FROM:<\"a\\\"b\"@[IPv6:::1]> SIZE=10 BODY=8BITMIME ENVID=x+2By RET=FULL";
  struct params p = { 0 };
  struct address a;
  size_t len, at, left;
  const char *args;
  char copy[sizeof seed];
  int byte;

  for (len = 0; len < sizeof seed; ++len)
    for (at = 0; at < len; ++at)
      for (byte = 0; byte < 256; byte += 3) {
        memcpy(copy, seed, sizeof seed);
        copy[at] = (char) byte;
        args = copy;
        left = len;
        if (command_path("FROM:", &args, &left, &a) == 1) {
          if (a.len > COMMAND_ADDRESS || a.domain > a.len || strlen(a.text) > a.len) return 0;
          command_params(args, left, 0, ALL, &p);
        }
      }
  return 1;
}

int main(void)
{
  static struct params p;
  struct address a;
  const char *args;
  size_t n;

  ok(verb("ehlo x", 6) == VERB_EHLO && verb("EHLO", 4) == VERB_EHLO, "a verb in either case, with and without words");
  ok(verb("EHLOx", 5) == VERB_UNKNOWN, "a verb is a whole word");
  ok(verb("NOOP\0", 5) == VERB_UNKNOWN && verb("NO\rOP", 5) == VERB_UNKNOWN, "NUL and CR make no command");
  ok(verb("From: x", 7) == VERB_FOREIGN && verb("GET /", 5) == VERB_FOREIGN, "a field or HTTP is foreign");
  ok(command_verb("MAIL  FROM:<> ", 14, &args, &n) == VERB_MAIL && n == 7 && *args == 'F', "blanks around the words go");
  ok(verb("", 0) == VERB_UNKNOWN, "an empty line is no command");

  ok(is_path("FROM:<a@b.example>", "a@b.example", "b.example"), "an address in brackets");
  ok(is_path("from: <a@b>", "a@b", "b"), "a blank behind the colon");
  ok(is_path("FROM:a@b SIZE=1", "a@b", "b"), "an address without brackets");
  ok(is_path("FROM:<>", "", ""), "the empty sender");
  ok(is_path("FROM:<\"a>b\"@c>", "\"a>b\"@c", "c"), "a quoted local part may hold a bracket");
  ok(is_path("FROM:<postmaster>", "postmaster", ""), "a local part without a domain");
  ok(path("FROM:<@a,@b:c@d>", &a) == -1, "a source route is told apart");
  ok(path("FROM:<a@b\n>", &a) == 0 && path("FROM:<a\tb@c>", &a) == 0, "no control bytes");
  ok(path("FROM:<a@b>>", &a) == 0 && path("FROM:<a@b", &a) == 0 && path("FROM:", &a) == 0, "brackets belong together");
  ok(path("FROM:<\xc3\xa4@b>", &a) == 1 && a.utf8, "bytes above ASCII are seen");

  ok(path("FROM:<a%b@c>", &a) == 1 && command_relays(&a), "% could relay");
  ok(path("FROM:<a@[1.2.3.4]>", &a) == 1 && command_relays(&a), "a literal could relay");
  ok(path("FROM:<a.b+c=d@e>", &a) == 1 && !command_relays(&a), "an ordinary address could not");

  ok(params("SIZE=12 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb", 0, ALL, &p) == 1 &&
     p.size == 12 && p.body8 && p.smtputf8 && !strcmp(p.ret.s, "HDRS") && !strcmp(p.envid.s, "a+2Bb"),
     "all parameters of MAIL");
  ok(params("", 0, ALL, &p) == 1 && !p.size_given && !p.body8 && !p.ret.len, "none of the last command remain");
  ok(params("NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b", 1, ALL, &p) == 1 && p.notify.len && p.orcpt.len, "all parameters of RCPT");
  ok(params("NOTIFY=NEVER", 0, ALL, &p) == 555 && params("SIZE=1", 1, ALL, &p) == 555, "each belongs to its command");
  ok(params("SIZE=1", 0, 0, &p) == 555 && params("RET=FULL", 0, SMTPC_SIZE, &p) == 555, "only what was offered");
  ok(params("SIZE=1 SIZE=1", 0, ALL, &p) == 501 && params("RET=FULL RET=FULL", 0, ALL, &p) == 501 &&
     params("BODY=7BIT BODY=8BITMIME", 0, ALL, &p) == 501, "nothing twice");
  ok(survives(), "no cut or changed line reads beyond its end");

  return done_testing();
}
