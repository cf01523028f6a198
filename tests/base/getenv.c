/* getenv as the small static programs have it: base/getenv.c, or the C library's. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static char text[][16] = {
  "A=1", "AB=2", "ABC", "CM_ID=one", "CM_IDS=two", "", "=odd", "EMPTY=", "TWICE=first", "TWICE=second", "EQUAL=a=b"
};
enum { COUNT = sizeof text / sizeof *text };

static int is(const char *got, const char *want)
{
  return got && !strcmp(got, want);
}

int main(void)
{
  static char *given[COUNT + 1], *none[] = { 0 };
  size_t i;

  for (i = 0; i < COUNT; ++i) given[i] = text[i];
  environ = given;
  ok(is(getenv("A"), "1"), "a name of one letter");
  ok(is(getenv("AB"), "2"), "one that begins with another");
  ok(is(getenv("CM_ID"), "one"), "one that another begins with");
  ok(is(getenv("CM_IDS"), "two"), "and that other");
  ok(is(getenv("EMPTY"), ""), "an empty value");
  ok(is(getenv("TWICE"), "first"), "the first of two");
  ok(is(getenv("EQUAL"), "a=b"), "a value with an equals sign");
  ok(!getenv("ABC"), "a variable without one is not there");
  ok(!getenv("CM"), "nor half a name");
  ok(!getenv("CM_IDSX"), "nor a longer one");
  ok(!getenv("cm_id"), "nor one that differs in case");
  ok(!getenv(""), "there is no name that is empty");
  environ = none;
  ok(!getenv("A"), "nothing is in an empty environment");
  environ = 0;
  ok(!getenv("A"), "nor in none");
  return done_testing();
}
