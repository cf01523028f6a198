/* A line of a POP3 client's: what is understood of it lies inside of it, the command that
 * is built of it holds nothing else, and names of users lie inside of what AUTH said.
 * modules: pop3proxy/verbs.c pop3proxy/identity.c pop3proxy/settings.c */

#include "verbs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "sasl.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static int numbered(enum verb verb)
{
  return verb == VERB_LIST || verb == VERB_UIDL || verb == VERB_RETR || verb == VERB_TOP || verb == VERB_DELE;
}

static void command(const char *line, size_t size)
{
  struct verbs v, again;
  size_t i;

  verbs_read(&v, line, size);
  must(v.verb <= VERB_UNKNOWN && v.args >= line && v.args + v.argslen <= line + size);
  if (v.verb >= VERB_MALFORMED) return;
  must(v.len >= 3 && v.len < sizeof v.text && v.number < 1000000000 && v.lines < 1000000000);
  must(numbered(v.verb) || !v.number);
  for (i = 0; i < v.len; ++i)
    must(v.text[i] == ' ' || (v.text[i] >= '0' && v.text[i] <= '9') || (v.text[i] >= 'A' && v.text[i] <= 'Z'));
  verbs_read(&again, v.text, v.len);
  must(again.verb == v.verb && again.number == v.number && again.lines == v.lines && again.len == v.len &&
       !memcmp(again.text, v.text, v.len));
}

static void names(const char *text, size_t size)
{
  static const char *const mechanisms[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", "CRAM-MD5" };
  static stralloc data, coded, decoded;
  size_t i, at, len;

  must(stralloc_copyb(&data, text, size));
  for (i = 0; i < sizeof mechanisms / sizeof *mechanisms; ++i)
    if (identity_user(mechanisms[i], &data, &at, &len)) must(len && at + len <= size);
  coded.len = decoded.len = 0;
  must(sasl_encode(&coded, text, size) && coded.len == (size + 2) / 3 * 4);
  if (size) must(sasl_decode(&decoded, coded.s, coded.len) && decoded.len == size && !memcmp(decoded.s, text, size));
}

static void server(const char *text, size_t size)
{
  static struct settings set = { .servers = { { .host = "pop.example.net", .port = "110" },
                                              { .host = "2001:db8::1", .port = "995" } }, .count = 2 };
  char *user = strndup(text, size);
  size_t len = 0;
  const struct pop *to;

  must(user != 0);
  to = settings_server(&set, user, &len);
  must(!to || (len && len < strlen(user) && (user[len] == '%' || user[len] == '#') && (to == set.servers || to == set.servers + 1)));
  free(user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *exact = malloc(size ? size : 1);

  must(exact != 0);
  memcpy(exact, data, size);
  command(exact, size);
  names(exact, size);
  server(exact, size);
  free(exact);
  return 0;
}
