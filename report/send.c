#include "send.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "digits.h"
#include "dot.h"
#include "queue.h"
#include "smtpc.h"

#define EARLY 5  /* seconds for an answer to what did not go out whole */

static struct smtpc server = { .stream = { .in = -1, .out = -1 } };

static int say(struct send *s, int result, const char *what, const char *more)
{
  if (stralloc_copys(&s->answer, what) && stralloc_cats(&s->answer, more) && stralloc_0(&s->answer)) return result;
  s->answer.len = 0;
  return result;
}

/* The server's code and what it said, on one line. */
static void answer(struct send *s, int code)
{
  char number[24];
  size_t i;

  if (code == -1) {
    say(s, 0, "the server ", server.trouble ? server.trouble : "was not asked");
    return;
  }
  *digits(number, (unsigned long) code, 10, 3) = 0;
  for (i = 0; i < server.text.len; ++i) if (server.text.s[i] == '\n') server.text.s[i] = ' ';
  if (!stralloc_copys(&s->answer, number) || !stralloc_append(&s->answer, " ") ||
      !stralloc_cat(&s->answer, &server.text) || !stralloc_0(&s->answer)) s->answer.len = 0;
}

/* Nobody has the message. */
static int refusal(struct send *s, int code)
{
  answer(s, code);
  smtpc_quit(&server);
  if (code >= 200 && code < 400) say(s, 0, "the server ", "gave the wrong kind of answer");
  return code >= 500 ? SEND_REFUSED : SEND_LATER;
}

static int is_8bit(const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i) if ((unsigned char) text[i] > 126) return 1;
  return 0;
}

static int fits(const char *address, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if ((unsigned char) address[i] < ' ' || strchr("<>\177", address[i])) return 0;
  return 1;
}

static int command(struct send *s, const char *verb, const char *address, size_t len, const char *more)
{
  static stralloc line;

  if (!stralloc_copys(&line, verb) || !stralloc_catb(&line, address, len) || !stralloc_cats(&line, ">") ||
      !stralloc_cats(&line, more)) return -1;
  return smtpc_command(&server, line.s, line.len, s->reply);
}

/* MAIL, and RCPT for each. SEND_TAKEN: somebody was accepted. */
static int envelope(struct send *s)
{
  const char *at = s->group.s, *end = at + s->group.len, *nl;
  int wide = is_8bit(s->sender, strlen(s->sender)) || is_8bit(at, s->group.len);
  int r, last = 0;

  if (wide && !(server.offers & SMTPC_SMTPUTF8)) {
    smtpc_quit(&server);
    return say(s, SEND_REFUSED, "the server cannot take addresses of this kind", "");
  }
  r = command(s, "MAIL FROM:<", s->sender, strlen(s->sender),
              wide ? " BODY=8BITMIME SMTPUTF8" : server.offers & SMTPC_8BITMIME ? " BODY=8BITMIME" : "");
  if (r != 250) return refusal(s, r);
  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    r = fits(at, (size_t) (nl - at)) ? command(s, "RCPT TO:<", at, (size_t) (nl - at), "") : 553;
    if (r == -1) return refusal(s, r);
    if (r / 10 == 25) r = stralloc_catb(&s->accepted, at, (size_t) (nl + 1 - at));
    else {
      last = r;
      answer(s, r);
      r = stralloc_catb(&s->refused, at, (size_t) (nl - at)) && stralloc_cats(&s->refused, ": ") &&
          stralloc_cats(&s->refused, s->answer.s) && stralloc_append(&s->refused, "\n");
    }
    if (!r) return refusal(s, -1);
  }
  return s->accepted.len ? SEND_TAKEN : refusal(s, last);
}

/* Everything but the end of the text, which stands in wire behind it. 1 or 0. */
static int text(struct send *s, char *wire, size_t size, size_t *wired)
{
  static char piece[16384];
  struct dot d;
  size_t used, made, at;
  ssize_t n;

  dot_begin(&d, DOT_ENCODE);
  if (lseek(s->message, 0, SEEK_SET) == -1) return 0;
  while ((n = read(s->message, piece, sizeof piece))) {
    if (n == -1 && errno != EINTR) return 0;
    for (at = 0; n > 0 && at < (size_t) n; at += used) {
      used = dot_encode(&d, piece + at, (size_t) n - at, wire, size, &made);
      stream_limit(&server.stream, s->reply);
      if (stream_pending(&server.stream) || stream_write(&server.stream, wire, made, 1) == -1) return 0;
    }
  }
  *wired = dot_end(&d, wire);
  return 1;
}

static int by_smtp(struct send *s)
{
  static char wire[32768];
  size_t wired = 0;
  int r = envelope(s);

  if (r != SEND_TAKEN) return r;
  r = smtpc_command(&server, "DATA", 4, s->reply);
  if (r != 354) return refusal(s, r);
  if (!text(s, wire, sizeof wire, &wired) || stream_pending(&server.stream)) {
    r = smtpc_reply(&server, EARLY);
    return refusal(s, r < 400 ? -1 : r);
  }
  /* Without its end the message is none. */
  if (!s->before(s)) {
    smtpc_close(&server);
    return SEND_LATER;
  }
  stream_limit(&server.stream, s->reply);
  r = stream_write(&server.stream, wire, wired, 0) == 1 ? smtpc_reply(&server, s->reply) : -1;
  answer(s, r);
  if (r == -1 || (r >= 300 && r < 400)) {
    smtpc_close(&server);
    return SEND_DOUBT;
  }
  smtpc_quit(&server);
  return r < 300 ? SEND_TAKEN : r < 500 ? SEND_LATER : SEND_REFUSED;
}

/* By the exit codes of qmail-queue(8). */
static int by_queue(struct send *s, const struct upstream *u)
{
  static stralloc said;
  struct stat st;
  struct queue q = { .program = u->program, .fd = s->message, .sender = s->sender,
                     .recipients = s->group.s, .recipientslen = s->group.len,
                     .head = "", .start = "", .seconds = s->reply, .said = &said };
  const char *why;
  char number[24];
  int code;

  if (fstat(s->message, &st) == -1) return say(s, SEND_LATER, "unable to read the message: ", strerror(errno));
  q.size = st.st_size;
  if (!stralloc_copy(&s->accepted, &s->group)) return say(s, SEND_LATER, "out of memory", "");
  if (!s->before(s)) return SEND_LATER;
  code = queue_hand(&q);
  if (code < 0) return say(s, code == -1 ? SEND_LATER : SEND_DOUBT, "the program: ", strerror(errno));
  *digits(number, (unsigned long) code, 10, 1) = 0;
  say(s, 0, "the program ended with ", number);
  if (!code) return SEND_TAKEN;
  why = queue_refusal(code, &said);
  if (code == 82 && said.len > 1) say(s, 0, "the program: ", why);
  return *why == '5' ? SEND_REFUSED : SEND_LATER;
}

/* The recipients that go the way of the first, and as many as go together there; the
 * others wait. 1, or 0: the first one's way cannot be known. */
static int part(struct send *s, const struct upstreams **way)
{
  static struct upstreams found[2];
  static stralloc trouble;
  const char *at = s->recipients->s, *end = at + s->recipients->len, *nl;
  const struct upstreams *its;
  unsigned long count = 0, most = 0;
  size_t i;
  int r, ok = 1;

  s->group.len = s->others.len = 0;
  for (; at < end && ok; at = nl + 1, ++count) {
    nl = memchr(at, '\n', (size_t) (end - at));
    r = route_find(s->routes, at, (size_t) (nl - at), found + !!count, &trouble);
    if (r == -1 && !count) return say(s, 0, control_words(&trouble), "");
    its = r == 1 ? found + !!count : s->upstreams;
    if (!count) {
      *way = its;
      for (i = 0; i < its->count; ++i) if (its->each[i].most && (!most || its->each[i].most < most)) most = its->each[i].most;
    }
    ok = stralloc_catb(r != -1 && (!most || count < most) && upstream_same(its, *way) ? &s->group : &s->others,
                       at, (size_t) (nl + 1 - at));
  }
  return ok ? 1 : say(s, 0, "out of memory", "");
}

int send_message(struct send *s)
{
  const struct upstreams *way = s->upstreams;
  const struct upstream *u;
  int r;

  s->accepted.len = s->refused.len = s->answer.len = 0;
  if (!part(s, &way)) return SEND_LATER;
  if (!fits(s->sender, strlen(s->sender)))
    return say(s, SEND_REFUSED, "this sender cannot be named to a server", "");
  for (u = way->each; u < way->each + way->count; ++u) {
    if (!u->host) return by_queue(s, u);
    r = smtpc_open(&server, u, s->me, s->connect, s->reply);
    if (r == 250) return by_smtp(s);
    answer(s, r);
  }
  return SEND_LATER;
}
