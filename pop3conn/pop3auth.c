#include "pop3auth.h"

#include <string.h>

#include "md5.h"
#include "sasl.h"
#include "secret.h"

/* RFC 3206 and 2449, 8: is it the mailbox, and not the password? */
static int is_busy(const struct pop3c *c)
{
  static const char *const codes[] = { "-ERR [SYS/TEMP]", "-ERR [IN-USE]", "-ERR [LOGIN-DELAY]", 0 };
  size_t i;

  for (i = 0; codes[i]; ++i)
    if (c->text.len > strlen(codes[i]) && !case_diffb(c->text.s, strlen(codes[i]), codes[i])) return 1;
  return 0;
}

static int ask(struct pop3c *c, const struct account *a, const stralloc *line)
{
  return pop3c_ask(c, line->s, line->len, a->timeout);
}

static int user_pass(struct pop3c *c, const struct account *a, const stralloc *secret)
{
  static stralloc line;
  int r;

  if (!stralloc_copys(&line, "USER ") || !stralloc_cats(&line, a->user.s)) return pop3c_fail(c, "out of memory");
  r = ask(c, a, &line);
  if (r != POP3C_OK) return r;
  r = stralloc_copys(&line, "PASS ") && stralloc_cats(&line, secret->s) ? ask(c, a, &line) : pop3c_fail(c, "out of memory");
  secret_forget(&line);
  return r;
}

/* The time stamp that APOP needs, RFC 1939, 7; 0: there is none. One that is more than a
 * message id may be made to find out a password: 2007, by collisions of MD5. */
static const char *timestamp(const struct pop3c *c, size_t *len)
{
  const char *from = c->greeting.len ? strrchr(c->greeting.s, '<') : 0;
  const char *end = from ? strchr(from, '>') : 0, *p;

  if (!end || !memchr(from, '@', (size_t) (end - from))) return 0;
  for (p = from; p < end; ++p)
    if (*p <= ' ' || *p > '~') return 0;
  *len = (size_t) (end + 1 - from);
  return from;
}

static int apop(struct pop3c *c, const struct account *a, const stralloc *secret)
{
  static stralloc line;
  char hex[MD5_HEX];
  size_t len;
  const char *stamp = timestamp(c, &len);
  int ok;

  if (!stamp) return pop3c_fail(c, "has no time stamp for APOP in its greeting");
  ok = stralloc_copyb(&line, stamp, len) && stralloc_cats(&line, secret->s);
  if (ok) md5_hex(line.s, line.len, hex);
  secret_forget(&line);
  if (!ok || !stralloc_copys(&line, "APOP ") || !stralloc_cats(&line, a->user.s) || !stralloc_append(&line, " ") ||
      !stralloc_cats(&line, hex)) return pop3c_fail(c, "out of memory");
  return ask(c, a, &line);
}

/* One word of the exchange, in base64. */
static int word(struct pop3c *c, const struct account *a, const char *data, size_t len)
{
  static stralloc line;
  int r;

  line.len = 0;
  r = sasl_encode(&line, data, len) ? ask(c, a, &line) : pop3c_fail(c, "out of memory");
  secret_forget(&line);
  return r;
}

/* The first words go out behind the server's "+": tokens are longer than what may stand in
 * the command. */
static int sasl(struct pop3c *c, const struct account *a, const stralloc *secret)
{
  static stralloc line, first;
  int login = !strcmp(a->auth.s, "LOGIN"), r;

  if (!stralloc_copys(&line, "AUTH ") || !stralloc_cats(&line, a->auth.s)) return pop3c_fail(c, "out of memory");
  r = ask(c, a, &line);
  if (r == POP3C_OK) r = pop3c_fail(c, "answers AUTH before it knows who asks");
  if (r == POP3C_MORE && login) {
    r = word(c, a, a->user.s, strlen(a->user.s));
    if (r == POP3C_MORE) r = word(c, a, secret->s, strlen(secret->s));
  } else if (r == POP3C_MORE) {
    r = secret_first(a, a->auth.s, secret, &first) ? word(c, a, first.s, first.len) : pop3c_fail(c, "out of memory");
    secret_forget(&first);
  }
  /* It says why in words of its own, and waits for an answer to them; RFC 7628, 3.2.3. */
  return r == POP3C_MORE ? word(c, a, "\1", 1) : r;
}

static int login(struct pop3c *c, const struct account *a, const stralloc *secret)
{
  /* Within TLS, too: with tls=may that is anybody's, and the password would be his. */
  if (!strcmp(a->auth.s, "APOP")) return apop(c, a, secret);
  return *a->auth.s ? sasl(c, a, secret) : user_pass(c, a, secret);
}

int pop3auth(struct pop3c *c, const struct account *a, const stralloc *secret, const char **trouble)
{
  int r = login(c, a, secret);

  if (r == POP3C_OK) return 1;
  *trouble = r == POP3C_LOST ? c->trouble : c->text.len > 5 ? c->text.s + 5 : "refuses the password";
  pop3c_close(c);
  return r == POP3C_LOST || is_busy(c) ? -1 : 0;
}
