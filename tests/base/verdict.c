#include "verdict.h"

#include <string.h>

#include "tap.h"

/* The table of cm-stage(7): code, rank, delivers, redirects, refuses, name. */
static const struct row {
  int verdict, rank, delivers, redirects, refuses;
  const char *name, *word;
} rows[] = {
  { 0,   0, 1, 0, 0, "accept/deliver", "deliver" },
  { 256, 1, 1, 0, 0, "accept/deliver, unknown result", 0 },
  { 10,  2, 1, 0, 0, "accept/deliver, junk", "junk" },
  { 20,  3, 1, 0, 1, "reject/deliver", "reject/deliver" },
  { 30,  4, 0, 1, 1, "reject/redirect", "reject/redirect" },
  { 40,  5, 0, 1, 0, "accept/redirect", "accept/redirect" },
  { 111, 6, 0, 0, 0, "defer", "defer" },
  { 100, 7, 0, 0, 1, "reject/delete", "reject/delete" },
  { 50,  8, 0, 0, 0, "accept/delete", "accept/delete" },
  { 99, -1, 1, 0, 0, "accept/deliver, whitelisted", "whitelisted" },
  { 257, -1, 0, 0, 0, "broken", 0 },
};
#define ROWS (sizeof rows / sizeof *rows)

static int known(int code)
{
  size_t i;

  for (i = 0; i < ROWS; ++i) if (rows[i].verdict == code) return 1;
  return 0;
}

int main(void)
{
  const struct row *r;
  int code, strangers = 0;

  for (r = rows; r < rows + ROWS; ++r) {
    ok(!strcmp(verdict_name(r->verdict), r->name), r->name);
    ok(verdict_rank(r->verdict) == r->rank, "has its rank");
    ok(verdict_delivers(r->verdict) == r->delivers &&
       verdict_redirects(r->verdict) == r->redirects &&
       verdict_refuses(r->verdict) == r->refuses, "goes where the table says");
    if (r->word) ok(verdict_parse(r->word) == r->verdict, "is what its word names");
  }
  for (code = -1; code < 300; ++code)
    if (!known(code) && (strcmp(verdict_name(code), "broken") || verdict_rank(code) != -1 ||
                         verdict_delivers(code))) ++strangers;
  ok(!strangers, "every other code is broken, has no rank and delivers nothing");

  ok(verdict_parse("accept/deliver/junk") == VERDICT_JUNK &&
     verdict_parse("accept/deliver/whitelisted") == VERDICT_WHITELISTED &&
     verdict_parse("accept/deliver") == VERDICT_DELIVER, "the long names are words too");
  ok(verdict_parse("broken") == -1 && verdict_parse("accept/deliver/unknown") == -1 &&
     verdict_parse("accept/deliver/unknown result") == -1, "what only the runner finds is no word");
  ok(verdict_parse("") == -1 && verdict_parse("reject") == -1 &&
     verdict_parse("reject/deletes") == -1 &&
     verdict_parse("reject/delet") == -1 && verdict_parse("accept/deliver,junk") == -1 &&
     verdict_parse("Defer") == -1, "nothing but the words is one");
  return done_testing();
}
