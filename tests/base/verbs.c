/* Command lines of POP3: what is understood, and what goes to the server for it. */
#include "verbs.h"

#include <string.h>

#include "tap.h"

static struct verbs v;

static int reads(const char *line, size_t len, enum verb verb)
{
  memset(&v, 'x', sizeof v);
  verbs_read(&v, line, len);
  return v.verb == verb;
}

#define IS(line, verb) reads(line, sizeof line - 1, verb)
#define SAYS(line, verb, anew) (IS(line, verb) && v.len == strlen(anew) && !memcmp(v.text, anew, v.len))

int main(void)
{
  ok(SAYS("RETR 7", VERB_RETR, "RETR 7") && v.number == 7, "a number");
  ok(SAYS("retr  0007  ", VERB_RETR, "RETR 7"), "goes on as we write it");
  ok(SAYS("TOP 3 0", VERB_TOP, "TOP 3 0") && v.number == 3 && v.lines == 0, "two numbers, the second may be 0");
  ok(SAYS("LIST", VERB_LIST, "LIST") && !v.number, "a number that may be missing");
  ok(SAYS("LIST ", VERB_LIST, "LIST") && SAYS("UIDL 2", VERB_UIDL, "UIDL 2"), "or be there");
  ok(SAYS("QUIT", VERB_QUIT, "QUIT") && SAYS("quit ", VERB_QUIT, "QUIT"), "none");
  ok(IS("RETR", VERB_MALFORMED) && IS("RETR x", VERB_MALFORMED) && IS("RETR 1x", VERB_MALFORMED), "one that is missing or none");
  ok(IS("RETR 0", VERB_MALFORMED) && IS("DELE -1", VERB_MALFORMED) && IS("LIST 0", VERB_MALFORMED), "no message is 0");
  ok(IS("RETR 1 2", VERB_MALFORMED) && IS("TOP 1", VERB_MALFORMED) && IS("TOP 1 2 3", VERB_MALFORMED), "too many and too few");
  ok(IS("STAT 1", VERB_MALFORMED) && IS("NOOP x", VERB_MALFORMED), "one that may not be there");
  ok(IS("RETR 1234567890", VERB_MALFORMED) && IS("RETR 99999999999999999999999", VERB_MALFORMED), "no number is too large");
  ok(IS("RETR 999999999", VERB_RETR) && v.number == 999999999, "up to nine digits");
  ok(IS("USER a b", VERB_USER) && v.argslen == 3 && !memcmp(v.args, "a b", 3), "words are as they are");
  ok(IS("PASS ", VERB_PASS) && v.argslen == 0 && IS("PASS", VERB_PASS) && v.argslen == 0, "or nothing");
  ok(IS("", VERB_UNKNOWN) && IS(" STAT", VERB_UNKNOWN) && IS("STATS", VERB_UNKNOWN) && IS("STA", VERB_UNKNOWN), "no verb of ours");
  ok(IS("XTND XMIT", VERB_UNKNOWN) && IS("HELO x", VERB_UNKNOWN), "nor others'");
  ok(IS("NOOP\rDELE 1", VERB_UNKNOWN) && IS("USER a\0b", VERB_UNKNOWN) && IS("USER a\nDELE 1", VERB_UNKNOWN), "none with the end of a line in it");
  ok(IS("RETR 1\t", VERB_MALFORMED) && IS("RETR\t1", VERB_UNKNOWN), "a tab is no blank");
  return done_testing();
}
