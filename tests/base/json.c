/* JSON: what is read, what is refused, what the limits are. */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static const struct json *read_text(const char *text, size_t len)
{
  static char *copy;

  free(copy);
  copy = malloc(len + 1);
  memcpy(copy, text, len);
  copy[len] = 'x';
  return json_read(copy, len);
}

/* Does it read, and is the member "a" this text? */
static int check(const char *text, size_t len, const char *a)
{
  const struct json *all = read_text(text, len), *v;

  if (!all || !a) return !!all;
  v = json_member(all, all, "a", JSON_STRING);
  if (!v) v = json_member(all, all, "a", JSON_NUMBER);
  return v && v->len == strlen(a) && !memcmp(v->text, a, v->len);
}

static int reads(const char *text) { return check(text, strlen(text), 0) == 1; }
static int refuses(const char *text) { return check(text, strlen(text), 0) == 0; }
static int gives(const char *text, const char *a) { return check(text, strlen(text), a) == 1; }

static int nested(unsigned int depth)
{
  char text[200];

  memset(text, '[', depth);
  memset(text + depth, ']', depth);
  return check(text, 2 * depth, 0);
}

static int many(unsigned int count)
{
  char *text = malloc(2 * count + 2);
  unsigned int i;
  int r;

  text[0] = '[';
  for (i = 0; i < count; ++i) memcpy(text + 1 + 2 * i, "1,", 2);
  text[2 * count] = ']';
  r = check(text, 2 * count + 1, 0);
  free(text);
  return r;
}

static int walks(void)
{
  static const char text[] = "{\"x\":{\"a\":1,\"b\":[2,{\"a\":3}]},\"a\":null,\"y\":7}";
  const struct json *all = read_text(text, strlen(text)), *x;

  x = json_member(all, all, "x", JSON_OBJECT);
  return all && x && json_member(all, x, "a", JSON_NUMBER) && !json_member(all, x, "y", JSON_NUMBER) &&
         !json_member(all, all, "a", JSON_NUMBER) && json_member(all, all, "a", JSON_NULL) &&
         json_member(all, all, "y", JSON_NUMBER)->text[0] == '7' && !json_member(all, 0, "a", JSON_NULL) &&
         !json_member(all, json_member(all, all, "y", JSON_NUMBER), "a", JSON_NULL);
}

int main(void)
{
  static const char *const bad[] = {
    "", " ", "{", "}", "[", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "1 2", "{} x",
    "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"a\nb\"", "01", "-", "1.", ".5", "1e", "+1", "nul", "truex", "NaN", "'a'", "[1}", "{\"a\":1]"
  };
  size_t i;

  ok(reads(" { } ") && reads("[]") && reads("null") && reads("-0.5e+10") && reads("\"\"") && reads("[true,false,null]"),
     "every kind of value is read");
  ok(gives("{\"a\":\"b\\\"\\\\\\/\\b\\f\\n\\r\\tc\"}", "b\"\\/\b\f\n\r\tc"), "escapes are decoded");
  ok(gives("{\"a\":\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"}", "A\303\244\342\202\254\360\237\230\200"), "to UTF-8");
  ok(gives("{\"b\":1, \"a\" : -12.5e3 }", "-12.5e3"), "numbers stay as they were written");
  ok(!gives("{\"a\":\"1\",\"a\":\"2\"}", "1"), "a member that is there twice is none");
  for (i = 0; i < sizeof bad / sizeof *bad; ++i) ok(refuses(bad[i]), bad[i]);
  ok(check("\"a\0b\"", 5, 0) == 0, "a NUL is refused");
  ok(nested(JSON_DEPTH) == 1 && nested(JSON_DEPTH + 1) == 0, "the depth has a limit");
  ok(many(JSON_NODES - 1) == 1 && many(JSON_NODES) == 0, "and the number of values");
  ok(walks(), "members are found in their object and nowhere else");
  return done_testing();
}
