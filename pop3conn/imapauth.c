#include "imapauth.h"

#include <string.h>

#include "sasl.h"
#include "secret.h"

static int nomemory(struct imapc *c)
{
  return imapc_fail(c, "cannot be logged in to: out of memory");
}

/* One more word of the command, which is sent first if it is one with 8-bit bytes: such
 * can only be a literal. *begun: a part of it has gone out. 1 or IMAPC_LOST. */
static int word(struct imapc *c, stralloc *line, int *begun, const char *what)
{
  const char *s;
  int r;

  for (s = what; *s && !(*s & 128); ++s) ;
  if (!stralloc_cats(line, " ")) return nomemory(c);
  if (!*s) {
    r = imapc_word(line, what);
    return r == 1 ? 1 : r == -1 ? nomemory(c) : imapc_fail(c, "cannot be told a password with control characters");
  }
  if (!stralloc_cats(line, "{") || !stralloc_number(line, strlen(what)) || !stralloc_cats(line, "}")) return nomemory(c);
  r = *begun ? imapc_go_on(c, line->s, line->len) : imapc_send(c, line->s, line->len, 0);
  *begun = 1;
  if (r == 1) r = imapc_answer(c);
  if (r == IMAPC_MORE) return stralloc_copys(line, what) ? 1 : nomemory(c);
  return r == IMAPC_LOST ? r : imapc_fail(c, "refuses a word of 8 bits");
}

/* The command of this name, RFC 9051, 6.2.3. */
static int login(struct imapc *c, const char *user, const char *password)
{
  stralloc line = { 0 };
  int begun = 0, r;

  if (!stralloc_copys(&line, "LOGIN")) return nomemory(c);
  r = word(c, &line, &begun, user);
  if (r == 1) r = word(c, &line, &begun, password);
  if (r == 1) r = begun ? imapc_go_on(c, line.s, line.len) : imapc_send(c, line.s, line.len, 0);
  if (line.s) explicit_bzero(line.s, line.a);
  stralloc_free(&line);
  if (r == 1) r = imapc_answer(c);
  return r == IMAPC_MORE ? imapc_fail(c, "waits for more than there is") : r;
}

/* Answer what it asks. What it says then. */
static int reply(struct imapc *c, const char *text, size_t len)
{
  stralloc line = { 0 };
  int r = sasl_encode(&line, text, len) ? imapc_go_on(c, line.s ? line.s : "", line.len) : nomemory(c);

  if (line.s) explicit_bzero(line.s, line.a);
  stralloc_free(&line);
  return r == 1 ? imapc_answer(c) : r;
}

static int begin(struct imapc *c, const char *mechanism, const stralloc *first)
{
  stralloc line = { 0 };
  int r = stralloc_copys(&line, "AUTHENTICATE ") && stralloc_cats(&line, mechanism) &&
          (!first || (stralloc_cats(&line, " ") && sasl_encode(&line, first->s, first->len)));

  r = r ? imapc_send(c, line.s, line.len, 0) : nomemory(c);
  if (line.s) explicit_bzero(line.s, line.a);
  stralloc_free(&line);
  return r == 1 ? imapc_answer(c) : r;
}

/* One that has said all it had to say is asked for more where it is refused: XOAUTH2 wants an
 * empty line then, OAUTHBEARER a \1 (RFC 7628, 3.2.3). Whatever comes, it is no OK. */
static int refused(struct imapc *c, const char *mechanism)
{
  int r = !strcmp(mechanism, "XOAUTH2") ? reply(c, "", 0) :
          !strcmp(mechanism, "OAUTHBEARER") ? reply(c, "\1", 1) :
          imapc_go_on(c, "*", 1) == 1 ? imapc_answer(c) : IMAPC_LOST;

  return r == IMAPC_NO || r == IMAPC_LOST ? r : imapc_fail(c, "lets us in behind an error");
}

/* A mechanism that says all it has to say at once. */
static int at_once(struct imapc *c, const struct account *a, const char *mechanism, const stralloc *secret)
{
  stralloc first = { 0 };
  int r = secret_first(a, mechanism, secret, &first), early = c->offers & IMAPC_SASLIR;

  if (r == 1) {
    r = begin(c, mechanism, early ? &first : 0);
    if (r == IMAPC_MORE && !early) r = reply(c, first.s, first.len);
    else if (r == IMAPC_OK && !early) r = imapc_fail(c, "lets us in without a word");
    if (r == IMAPC_MORE) r = refused(c, mechanism);
  } else r = imapc_fail(c, "cannot be logged in to: no such mechanism, or out of memory");
  if (first.s) explicit_bzero(first.s, first.a);
  stralloc_free(&first);
  return r;
}

/* It asks for the name and for the password. */
static int asked(struct imapc *c, const struct account *a, const stralloc *secret)
{
  int r = begin(c, "LOGIN", 0);

  if (r == IMAPC_MORE) r = reply(c, a->user.s, strlen(a->user.s));
  if (r == IMAPC_MORE) r = reply(c, secret->s, strlen(secret->s));
  return r == IMAPC_MORE ? refused(c, "LOGIN") : r;
}

static int offers(const struct imapc *c, const char *mechanism)
{
  char name[SASL_MECHANISM + 1];

  return sasl_choose(&c->auth, mechanism, strlen(mechanism), name);
}

static int attempt(struct imapc *c, const struct account *a, const stralloc *secret)
{
  const char *mechanism = a->auth.len ? a->auth.s : "";

  if (!*mechanism) mechanism = offers(c, "PLAIN") ? "PLAIN" : c->offers & IMAPC_NOLOGIN ? "LOGIN" : "";
  if (!*mechanism || (!strcmp(mechanism, "LOGIN") && !offers(c, "LOGIN"))) {
    if (c->offers & IMAPC_NOLOGIN) return imapc_fail(c, "lets nobody log in in clear: write tls=must, or tls=verify");
    return login(c, a->user.s, secret->s);
  }
  if (!offers(c, mechanism)) return imapc_fail(c, "does not offer the mechanism of control/auth");
  return strcmp(mechanism, "LOGIN") ? at_once(c, a, mechanism, secret) : asked(c, a, secret);
}

int imapauth(struct imapc *c, const struct account *a, const stralloc *secret)
{
  int r = attempt(c, a, secret);

  /* What it can do may be more now; the answer itself may have said so. */
  if (r == IMAPC_OK && strcmp(c->code, "CAPABILITY")) {
    c->offers = 0;
    r = imapc_capability(c);
  }
  return r;
}
