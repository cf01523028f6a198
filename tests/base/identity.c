/* Names of users in what a client says first in AUTH. There is a module of this name for SMTP, too. */
#include "../../pop3proxy/identity.h"

#include <string.h>

#include "tap.h"

static stralloc data;

static int finds(const char *mechanism, const char *text, size_t len, const char *want)
{
  size_t at = 99, n = 99;

  if (!stralloc_copyb(&data, text, len) || !identity_user(mechanism, &data, &at, &n)) return !want;
  return want && n == strlen(want) && at + n <= len && !memcmp(data.s + at, want, n);
}
#define FINDS(mechanism, text, want) finds(mechanism, text, sizeof text - 1, want)

int main(void)
{
  ok(FINDS("PLAIN", "\0user\0pass", "user"), "PLAIN");
  ok(FINDS("plain", "other\0user\0pass", "user"), "who acts for another is who logs in");
  ok(FINDS("PLAIN", "\0user\0", "user"), "without a password");
  ok(FINDS("PLAIN", "user", 0) && FINDS("PLAIN", "\0user", 0) && FINDS("PLAIN", "\0\0pass", 0) && FINDS("PLAIN", "", 0), "half of PLAIN");
  ok(FINDS("LOGIN", "user", "user") && FINDS("LOGIN", "", 0), "LOGIN");
  ok(FINDS("XOAUTH2", "user=u@example.net\1auth=Bearer t\1\1", "u@example.net"), "XOAUTH2");
  ok(FINDS("XOAUTH2", "user=u", 0) && FINDS("XOAUTH2", "auth=Bearer t\1user=u\1\1", 0) && FINDS("XOAUTH2", "user=\1", 0), "what is none");
  ok(FINDS("OAUTHBEARER", "n,a=u@example.net,\1host=x\1auth=Bearer t\1\1", "u@example.net"), "OAUTHBEARER");
  ok(FINDS("OAUTHBEARER", "n,a=u=2Cv,\1auth=Bearer t\1\1", "u=2Cv"), "a comma in a name is encoded");
  ok(FINDS("OAUTHBEARER", "n,,\1auth=Bearer t\1\1", 0) && FINDS("OAUTHBEARER", "y,a=u,\1", 0) && FINDS("OAUTHBEARER", "n,a=u", 0), "what is none");
  ok(FINDS("CRAM-MD5", "user 0123", 0), "others cannot be read");
  return done_testing();
}
