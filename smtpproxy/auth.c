#include "auth.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "behind.h"
#include "guard.h"
#include "ip.h"
#include "log.h"
#include "networks.h"
#include "sasl.h"
#include "serve.h"

#define ROUNDS 20   /* lines of the client in one exchange */
#define FAILURES 5  /* in a session */

/* Where a password may go ------------------------------------------------- */

static int is_loopback(const struct ip *ip)
{
  static const unsigned char one[16] = { [15] = 1 };

  return ip->len == 4 ? ip->bytes[0] == 127 : !memcmp(ip->bytes, one, sizeof one);
}

static int may_be_plain(const struct session *s, const struct ip *ip)
{
  return is_loopback(ip) || networks_have(&s->set.cleartext, ip);
}

static int client_private(const struct session *s)
{
  struct ip ip;

  return s->tls || (!s->hidden && ip_scan(s->ip, strlen(s->ip), &ip) && may_be_plain(s, &ip));
}

/* Who is on the other end of this socket? 1 or 0. */
static int other_end(int fd, struct ip *ip)
{
  struct sockaddr_storage a;
  socklen_t len = sizeof a;
  int six;

  if (getpeername(fd, (struct sockaddr *) &a, &len)) return 0;
  if (a.ss_family != AF_INET && a.ss_family != AF_INET6) return 0;
  six = a.ss_family == AF_INET6;
  ip->len = six ? 16 : 4;
  ip->bits = six ? 128 : 32;
  if (six) memcpy(ip->bytes, &((const struct sockaddr_in6 *) (const void *) &a)->sin6_addr, 16);
  else memcpy(ip->bytes, &((const struct sockaddr_in *) (const void *) &a)->sin_addr, 4);
  return 1;
}

static int upstream_private(const struct session *s)
{
  struct ip ip;

  return s->to->tls == UPSTREAM_TLS_VERIFY ||
         (other_end(s->upstream.stream.in, &ip) && may_be_plain(s, &ip));
}

static int has_auth(const struct session *s)
{
  /* Where there are routes the upstream of the next message may be another one. */
  return !s->set.routes.any && smtpc_isopen(&s->upstream) && s->upstream.offers & SMTPC_AUTH;
}

int auth_open(const struct session *s)
{
  static stralloc names;

  names.len = 0;
  return has_auth(s) && client_private(s) && upstream_private(s) && sasl_list(&s->upstream.auth, &names);
}

int auth_offer(const struct session *s, stralloc *reply)
{
  return stralloc_cats(reply, "\r\n250-AUTH") && sasl_list(&s->upstream.auth, reply);
}

/* The exchange ------------------------------------------------------------- */

struct exchange {
  char mechanism[SASL_MECHANISM + 1];
  stralloc said[2];   /* what the client said before the last, and last, decoded */
};

static void wipe(stralloc *s)
{
  if (s->s) explicit_bzero(s->s, s->a);
  s->len = 0;
}

/* No line of the client that was read stays in its buffer. */
static void forget(struct session *s)
{
  explicit_bzero(s->client.buffer, s->client.pos);
}

/* Only what it takes to know who it is. 1 or 0 without memory. */
static int remember(struct exchange *e, const char *text, size_t len)
{
  stralloc old = e->said[0];

  wipe(&old);
  e->said[0] = e->said[1];
  e->said[1] = old;
  return sasl_decode(&e->said[1], text, len);
}

static int name(const struct exchange *e, stralloc *user)
{
  return sasl_user(e->mechanism, &e->said[0], &e->said[1], user);
}

/* The upstream's question goes to the client; it is a line, and clean. 1 or 0. */
static int challenge(struct session *s)
{
  const stralloc *text = &s->upstream.text;
  size_t n = 0;

  while (n < text->len && text->s[n] != '\n') ++n;
  if (s->set.level & LOG_DETAILED) log_event("client", session_id(s), "> 334 (not shown)");
  if (!stralloc_cats(&s->out, "334 ") || !stralloc_catb(&s->out, text->s, n) ||
      !stralloc_cats(&s->out, "\r\n")) s->over = 1;
  return !s->over && session_flush(s) == 1;
}

/* The client will not go on, or may not. */
static void abandon(struct session *s)
{
  int r = behind_whisper(s, "*", 1);

  if (r != -1 && r < 400) smtpc_close(&s->upstream);
}

/* What is wrong with a line of the client's, or 0. */
static const char *wrong(const char *line, size_t len, int rounds)
{
  if (len == 1 && *line == '*') return "501 5.7.0 authentication cancelled";
  if (!sasl_is_base64(line, len)) return "501 5.5.2 not base64; authentication cancelled";
  return rounds > ROUNDS ? "501 5.7.0 too many lines; authentication cancelled" : 0;
}

/* The upstream has been told how it begins, and said r. What it says at last; 0: it did not
 * come to that, and why is what the client hears, if anything. */
static int converse(struct session *s, struct exchange *e, int r, const char **why)
{
  char *line;
  size_t len;
  int rounds = 0, got;

  *why = 0;
  forget(s);
  while (r == 334) {
    if (!challenge(s)) return 0;
    stream_limit(&s->client, s->set.timeoutsmtpd);
    got = stream_line(&s->client, AUTH_LINE, &line, &len);
    if (got != 1) {
      smtpc_close(&s->upstream);
      serve_lost(s, got);
      return 0;
    }
    if (s->set.level & LOG_DETAILED) log_event("client", session_id(s), "< (not shown)");
    *why = wrong(line, len, ++rounds);
    if (*why) {
      abandon(s);
      return 0;
    }
    r = remember(e, line, len) ? behind_whisper(s, line, len) : -1;
    forget(s);
  }
  return r;
}

static void tell(const struct session *s, const struct exchange *e, const char *what)
{
  static stralloc user;

  if (s->set.level & LOG_EXTENDED && name(e, &user))
    log_event("auth", session_id(s), e->mechanism, " ", what, " ", user.s);
}

/* Who guesses passwords shall not go on for long. */
static const char *refused(struct session *s, int r)
{
  const char *reply;

  behind_relay(s);
  if (r < 500) return 0;
  ++s->errors;
  ++s->failures;
  reply = guard_login(s, 0);
  if (reply || s->failures < FAILURES) return reply;
  s->over = s->cut = 1;
  return "421 4.7.0 too many failed logins; goodbye";
}

static const char *finish(struct session *s, const struct exchange *e, int r)
{
  if (r == 235 && name(e, &s->user)) {
    tell(s, e, "ok");
    s->relay = s->bound = 1;
    behind_relay(s);
    return guard_login(s, 1);
  }
  tell(s, e, r >= 400 ? "refused" : "no answer");
  if (r >= 400) return refused(s, r);
  s->user.len = 0;
  smtpc_close(&s->upstream);
  return "454 4.7.0 the mail server behind this one does not answer; try again later";
}

/* The mechanism, and its first answer if that came along, from the command. A reply that
 * says what is wrong, or 0. */
static const char *begin(const struct session *s, struct exchange *e, const char *args, size_t len,
                         stralloc *line)
{
  size_t n = 0;

  while (n < len && args[n] != ' ') ++n;
  if (!sasl_choose(&s->upstream.auth, args, n, e->mechanism)) return "504 5.5.4 no such mechanism is offered";
  if (!stralloc_copys(line, "AUTH ") || !stralloc_cats(line, e->mechanism)) return "454 4.3.0 out of memory";
  if (n == len) return 0;
  args += n + 1;
  len -= n + 1;
  /* RFC 4954, 4: an equals sign stands for nothing at all. */
  if (!(len == 1 && *args == '=') && (!len || !sasl_is_base64(args, len))) return "501 5.5.2 not base64";
  if (!remember(e, args, *args == '=' ? 0 : len) || !stralloc_cats(line, " ") ||
      !stralloc_catb(line, args, len)) return "454 4.3.0 out of memory";
  return 0;
}

/* What stands in the way before anything was said, or 0. */
static const char *untimely(struct session *s)
{
  if (!s->extended) return "503 5.5.1 say EHLO first";
  if (s->user.len) return "503 5.5.1 you have said who you are";
  if (s->t.open) return "503 5.5.1 not within a transaction";
  if ((s->set.routes.any || smtpc_isopen(&s->upstream)) && !has_auth(s)) return "502 5.5.1 not offered";
  if (!client_private(s)) return "538 5.7.11 not without TLS";
  if (!behind_connect(s))
    return "454 4.7.0 the mail server behind this one cannot be reached; try again later";
  return has_auth(s) && upstream_private(s) ? 0 : "502 5.5.1 not offered";
}

const char *auth_take(struct session *s, const char *args, size_t len)
{
  static struct exchange e;
  static stralloc line;
  const char *why;
  int r;

  s->tried = 1;
  why = untimely(s);
  if (!why) why = begin(s, &e, args, len, &line);
  if (!why) {
    r = converse(s, &e, behind_whisper(s, line.s, line.len), &why);
    if (r) why = finish(s, &e, r);
    else if (why) tell(s, &e, "cancelled");
  }
  forget(s);
  wipe(&line);
  wipe(&e.said[0]);
  wipe(&e.said[1]);
  return why;
}

size_t auth_shown(const struct session *s, int known, const char *line, size_t len)
{
  size_t i = 0;

  while (i < len && (line[i] == ' ' || line[i] == '\t')) ++i;
  if (len - i >= 4 && !case_diffb(line + i, 4, "AUTH")) return i + 4;
  return known || !s->tried ? len : 0;
}
