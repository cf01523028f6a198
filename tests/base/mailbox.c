#include "mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static stralloc sure, maybe;

static void scan(const char *value, size_t len)
{
  sure.len = maybe.len = 0;
  if (!mailbox_scan(value, len, &sure, &maybe)) abort();
}

/* Is the value read as just these addresses, a blank between two? */
static int reads(const char *value, const char *want)
{
  size_t i;

  scan(value, strlen(value));
  if (!*want) return !sure.len;
  for (i = 0; i < sure.len; ++i) if (!sure.s[i]) sure.s[i] = ' ';
  return sure.len == strlen(want) + 1 && !memcmp(sure.s, want, sure.len - 1);
}

/* Among the addresses that it may be read as? */
static int suspected(const char *address)
{
  const char *p;

  for (p = maybe.s; p < maybe.s + maybe.len; p += strlen(p) + 1)
    if (!strcmp(p, address)) return 1;
  return 0;
}

static int plain(const char *value, const char *want)
{
  return reads(value, want) && !maybe.len;
}

static int odd(const char *value, const char *address)
{
  return reads(value, "") && suspected(address);
}

static int odd_bytes(const char *value, size_t len, const char *address)
{
  scan(value, len);
  return !sure.len && suspected(address);
}

static void grammar(void)
{
  ok(plain(" joe@example.org\r\n", "joe@example.org"), "an address alone");
  ok(plain(" Joe <joe@example.org>\r\n", "joe@example.org"), "a display name");
  ok(plain(" \"Doe, Joe\" <joe@example.org>", "joe@example.org"),
     "a quoted one, with a comma in it");
  ok(plain("Joe Q. Public <joe@example.org>", "joe@example.org"), "a dot in it");
  ok(plain("<joe@example.org>", "joe@example.org"), "none at all");
  ok(plain("a@x.org, B <b@y.org>,\"c\"@z.org", "a@x.org b@y.org c@z.org"), "several addresses");
  ok(plain("joe@example.org (Joe (the) \\) Doe)", "joe@example.org"),
     "comments, nested and escaped");
  ok(plain("joe (a) . (b) doe (c) @ (d) example (e) . (f) org", "joe.doe@example.org"),
     "comments and blanks at every place");
  ok(plain("Joe\r\n <joe\r\n @example.org>\r\n", "joe@example.org"), "folded lines");
  ok(plain("\"joe doe\"@example.org", "joe doe@example.org") &&
     plain("\"joe\".doe@x", "joe.doe@x") &&
     plain("\"j\\\"o\\e\"@x", "j\"oe@x") &&
     plain("\"joe\r\n doe\"@x", "joe doe@x"), "a quoted local part loses its quotes");
  ok(reads("\"a@b\"@example.org", "a@b@example.org"), "an @ in a quoted local part belongs to it");
  ok(plain("joe@[127.0.0.1]", "joe@[127.0.0.1]") &&
     plain("<joe@ [ 127.0.0.1 ]>", "joe@[ 127.0.0.1 ]"),
     "a domain literal");
  ok(plain("Us: a@x.org, B <b@y.org>;", "a@x.org b@y.org") &&
     plain("undisclosed-recipients:;", "") &&
     plain("A:a@x.org;,B:;,c@z.org", "a@x.org c@z.org"), "groups");
  ok(plain(",, a@x.org ,, b@y.org,", "a@x.org b@y.org"), "empty places in the list");
  ok(reads("<@one.example,@two.example:joe@example.org>", "joe@example.org") &&
     reads("<,@one.example,:joe@example.org>", "joe@example.org"),
     "an obsolete route is passed over");
  ok(plain("=?utf-8?q?Joe_=28Doe=29?= <joe@example.org>", "joe@example.org"),
     "an encoded display name");
  ok(plain("j\303\266e@ex\303\244mple.org", "j\303\266e@ex\303\244mple.org"), "UTF-8 in all parts");
  ok(plain("", "") && plain(" \r\n", "") && plain("(nobody)", ""), "nothing at all");
}

static void more(void)
{
  ok(reads("\"boss@bank.example\" <joe@x.org>", "joe@x.org") && suspected("boss@bank.example"),
     "an address in a quoted display name is suspected");
  ok(reads("joe@x.org (boss@bank.example)", "joe@x.org") && suspected("boss@bank.example"),
     "and one in a comment");
  ok(reads("=?utf-8?q?boss=40bank.example?= <joe@x.org>", "joe@x.org") &&
     suspected("boss@bank.example"),
     "and one in an encoded word");
  ok(reads("=?utf-8?b?Ym9zc0BiYW5rLmV4YW1wbGU=?= <joe@x.org>", "joe@x.org") &&
     suspected("boss@bank.example"), "in base64 too");
}

static void oddities(void)
{
  ok(odd("good@x.org <evil@y.org>", "evil@y.org") && suspected("good@x.org"),
     "an address as display name leaves both suspected and none sure");
  ok(odd("evil@y.org good@x.org", "good@x.org") && suspected("evil@y.org"), "two without a comma");
  ok(odd("a@b.example@evil.example", "a@b.example") && suspected("b.example@evil.example"),
     "two @");
  ok(odd("<evil@y.org", "evil@y.org") && odd("evil@y.org>", "evil@y.org") &&
     odd("Joe <evil@y.org> x", "evil@y.org") && odd("<<evil@y.org>>", "evil@y.org"),
     "brackets that do not match");
  ok(odd("\"Joe <evil@y.org>", "evil@y.org") && odd("Joe (x <evil@y.org>", "evil@y.org") &&
     odd("[ <evil@y.org>", "evil@y.org"), "a quote, a comment, a literal that never ends");
  ok(odd("( evil(c)@y.org", "@y.org"), "without a readable local part the domain is left");
  ok(odd("'evil@y.org'", "evil@y.org"), "quotes that are none");
  ok(odd("evil . @y.org", "evil.@y.org") && odd(".evil@y.org", ".evil@y.org") &&
     odd("evil@y..org", "evil@y..org") && odd("e..vil@y.org", "e..vil@y.org"), "dots in wrong places");
  ok(odd("Joe evil@y.org", "evil@y.org") && odd("Joe \"evil\"@y.org", "evil@y.org"), "a display name without brackets");
  ok(odd("Us: evil@y.org", "evil@y.org") && odd("Us: b: evil@y.org;", "evil@y.org") &&
     odd(": evil@y.org;", "evil@y.org") && odd("a@x.org; evil@y.org", "evil@y.org"),
     "groups that are none");
  ok(odd("<@one.example evil@y.org>", "evil@y.org") && odd("<root>, evil@y.org", "evil@y.org"),
     "a route without end, an address without domain");
  ok(odd("Joe evil@[1.2.3.4]", "evil@[1.2.3.4]") && odd("Joe evil@y.org [1]", "evil@y.org") &&
     odd("\"e vil\"@y.org x", "e vil@y.org"), "a literal, a word in brackets, a quoted local part");
  ok(odd("mailto:evil@y.org", "evil@y.org"), "an address of the web");
  ok(odd("=?utf-8?q?evil=40y.org?=", "evil@y.org") &&
     odd("<=?utf-8?q?evil=40y.org?=>", "evil@y.org"),
     "an address that is an encoded word");
  ok(odd("evil@\"y.org\"", "evil@y.org") && odd("evil@y.org/x", "evil@y.org"),
     "a domain that is none");
  ok(reads("evil@[1.2.3.4", "") && reads("evil@", "") && reads("<@y.org>", ""), "half an address");
  ok(odd("evil@\"y.org", "evil@y.org") && odd("evil\\@y.org", "evil@y.org"),
     "stray characters do not keep an address apart");
  ok(odd_bytes("ev\0il@y.org", 11, "evil@y.org"),
     "a 0 byte neither hides an address nor is part of one");
  ok(odd_bytes("\"ev\0il\"@y.org", 13, "evil@y.org"), "nor in a quoted string");
}

/* Every byte string of hostile pieces is read in bounds and to its end. */
static int hostile(void)
{
  static const char *const pieces[] = { "\"", "(", ")", "\\", "[", "]", "<", ">", "@", ",", ":",
    ";", ".", "a", " ", "\r\n ", "=?utf-8?q?=40?=", "\377", "a@b.c" };
  char text[200];
  size_t i, len, piece;
  int n;

  srand(1);
  for (n = 0; n < 20000; ++n) {
    for (len = 0; len < 60; len += strlen(pieces[piece])) {
      piece = (size_t) rand() % (sizeof pieces / sizeof *pieces);
      memcpy(text + len, pieces[piece], strlen(pieces[piece]) + 1);
    }
    scan(text, len);
    for (i = 1; i < maybe.len; ++i) if (!maybe.s[i] && !maybe.s[i - 1]) return 0;
    if ((sure.len && sure.s[sure.len - 1]) || (maybe.len && maybe.s[maybe.len - 1])) return 0;
  }
  return 1;
}

/* As many steps as bytes: a mebibyte of each piece is over at once, where the
 * square of it would take an hour. */
static int linear(void)
{
  static const char *const pieces[] = { "(", ")", "\"", "\\\"", "[", "@[", "a@", "@", "<", ":", ".",
    "a:", "a ", "(\"[", "=?", "=?a?q?", "a@b,", "()", "<@a:", ";" };
  static char text[1 << 20];
  size_t i, p, len;

  for (p = 0; p < sizeof pieces / sizeof *pieces; ++p) {
    len = strlen(pieces[p]);
    for (i = 0; i + len <= sizeof text; i += len) memcpy(text + i, pieces[p], len);
    scan(text, i);
  }
  return 1;
}

int main(void)
{
  grammar();
  more();
  oddities();
  ok(hostile(), "no mixture of pieces leads astray");
  ok(linear(), "the length of a value does not count squared");
  return done_testing();
}
