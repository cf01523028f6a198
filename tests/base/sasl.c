/* What is known of SASL: mechanisms, base64, names. */
#include "sasl.h"

#include <string.h>

#include "tap.h"

static int lists(const char *offered, const char *want)
{
  stralloc in = { 0 }, out = { 0 };

  return stralloc_copys(&in, offered) && sasl_list(&in, &out) >= 0 && out.len == strlen(want) &&
         !memcmp(out.len ? out.s : "", want, out.len);
}

static int chooses(const char *offered, const char *word)
{
  stralloc in = { 0 };
  char name[SASL_MECHANISM + 1];

  return stralloc_copys(&in, offered) && sasl_choose(&in, word, strlen(word), name) && !strcmp(name, "PLAIN");
}

static int base64(const char *text)
{
  return sasl_is_base64(text, strlen(text));
}

static int user(const char *mechanism, const char *before, const char *last, size_t len, const char *want)
{
  stralloc b = { 0 }, l = { 0 }, u = { 0 };

  return stralloc_copys(&b, before) && stralloc_copyb(&l, last, len) && sasl_user(mechanism, &b, &l, &u) == 1 &&
         !strcmp(u.s, want);
}

int main(void)
{
  ok(lists(" PLAIN LOGIN CRAM-MD5", " PLAIN LOGIN CRAM-MD5"), "mechanisms are passed on");
  ok(lists(" PLAIN LOGIN plain  PLAIN", " PLAIN LOGIN"), "each once, whatever blanks there are");
  ok(lists(" x-oauth_2", " X-OAUTH_2"), "in capitals");
  ok(lists(" PLAIN\r\n\t LOG=IN M\xffX ABCDEFGHIJKLMNOPQRSTU", ""), "but no odd names, nor long ones");
  ok(lists(" EXTERNAL ANONYMOUS SCRAM-SHA-256-PLUS SCRAM-SHA-256", " SCRAM-SHA-256"), "and none that cannot pass a proxy");
  ok(chooses(" LOGIN PLAIN", "plain"), "a client may write it in any case");
  ok(!chooses(" LOGIN", "PLAIN") && !chooses(" PLAIN", "") && !chooses(" PLAIN", "PLAI"), "and must choose what is there");
  ok(!chooses(" EXTERNAL", "EXTERNAL"), "and was offered");
  ok(base64("") && base64("YWI=") && base64("YQ==") && base64("YWJj") && base64("+/9="), "base64");
  ok(!base64("YWI") && !base64("Y===") && !base64("YW I") && !base64("YQ==YQ==") && !base64("====") &&
     !base64("YWI\n") && !base64("=YWI") && !base64("YW-_") && !base64("*"), "and what is none");
  ok(user("PLAIN", "", "\0joe\0sesame", 11, "joe"), "the name in PLAIN");
  ok(user("PLAIN", "", "root\0joe\0sesame", 15, "joe"), "is that of the password, not who one wants to be");
  ok(user("PLAIN", "", "\0joe", 4, "[PLAIN]") && user("PLAIN", "", "\0\0x", 3, "[PLAIN]") &&
     user("PLAIN", "", "", 0, "[PLAIN]"), "half of it is none");
  ok(user("LOGIN", "joe", "sesame", 6, "joe"), "in LOGIN");
  ok(user("LOGIN", "", "joe", 3, "[LOGIN]"), "alone it is none");
  ok(user("CRAM-MD5", "", "joe doe 0123", 12, "joe doe"), "in CRAM-MD5");
  ok(user("CRAM-MD5", "", "joe", 3, "[CRAM-MD5]"), "and not without its answer");
  ok(user("SCRAM-SHA-256", "n,,n=joe", "x", 1, "[SCRAM-SHA-256]"), "elsewhere it is not known");
  ok(user("PLAIN", "", "\0j\n\033\xe9\0x", 7, "j???"), "it is printable");
  return done_testing();
}
