#include "behind.h"

#include <string.h>

#include "failover.h"
#include "introduce.h"
#include "log.h"

static int reach(struct session *s, unsigned long connect, unsigned long reply)
{
  const char *port = s->to->port ? s->to->port : "";
  int r;

  introduce_before(s);
  r = smtpc_open(&s->upstream, s->to, s->set.me.s, connect, reply);
  if (r == 250) {
    if (s->to->tls && s->set.level & LOG_EXTENDED)
      log_event("upstream-tls", session_id(s), s->to->host, " ", port, ": ", s->upstream.tls ? "" : "in clear, for it ",
                s->upstream.tls ? s->upstream.tls : s->upstream.trouble);
    return introduce(s);
  }
  log_event("upstream-down", session_id(s), s->to->host, " ", port, ": ",
            r == -1 ? s->upstream.trouble : "refuses the session");
  return 0;
}

int behind_connect(struct session *s)
{
  /* One that has closed, or said 421, since the last message is no use any more. */
  if (smtpc_isopen(&s->upstream) && !stream_pending(&s->upstream.stream)) return 1;
  smtpc_close(&s->upstream);
  if (s->bound) {
    log_event("upstream-lost", session_id(s), upstream_name(s->to), ": the session of ", s->user.s, " ends with it");
    return 0;
  }
  if (!failover(s, s->way, reach)) return 0;
  /* In the middle of a transaction its bytes are counted from here. */
  if (s->t.open) s->t.bytes[2] = s->t.bytes[3] = 0;
  return 1;
}

const char *behind_unreached(const struct session *s)
{
  return s->upstream.unsafe ? "451 4.7.5 the mail server behind this one cannot be trusted; try again later" :
                              "451 4.4.1 the mail server behind this one cannot be reached; try again later";
}

unsigned int behind_offers(const struct session *s)
{
  if (!s->to->host) return SMTPC_8BITMIME | SMTPC_STATUS;
  return smtpc_isopen(&s->upstream) ? s->upstream.offers : 0;
}

/* shown: whether a detailed log has it. */
static int ask(struct session *s, const char *line, size_t len, int shown)
{
  struct smtpc *u = &s->upstream;
  int r, told = shown && s->set.level & LOG_DETAILED;

  if (!smtpc_isopen(u)) return -1;
  if (told) log_text("upstream", session_id(s), ">", line, len);
  r = smtpc_command(u, line, len, s->set.timeoutremote);
  s->asked = clock_last();  /* or a while ago: then it hears NOOP too early, which is no harm */
  if (r != -1 && told) log_text("upstream", session_id(s), "<", u->text.s, u->text.len);
  if (r == 421) {
    u->trouble = "ends the session";
    smtpc_close(u);
    r = -1;
  }
  if (r == -1) log_event("upstream-lost", session_id(s), upstream_name(s->to), ": ", u->trouble);
  return r;
}

int behind_ask(struct session *s, const char *line, size_t len)
{
  return ask(s, line, len, 1);
}

int behind_whisper(struct session *s, const char *line, size_t len)
{
  int r = ask(s, line, len, 0);

  explicit_bzero(s->upstream.line.s, s->upstream.line.len);
  return r;
}

void behind_awake(struct session *s)
{
  if (s->t.told && clock_last() - s->asked >= (long long) s->set.keepalive * 1000) behind_ask(s, "NOOP", 4);
}

void behind_relay(struct session *s)
{
  static stralloc lines;
  const char *text = s->upstream.text.s, *end = text + s->upstream.text.len, *nl;
  char code[FMT_ULONG];
  size_t n, width = fmt_ulong(code, (unsigned long) s->upstream.code);
  int ok = 1;

  lines.len = 0;
  do {
    nl = text < end ? memchr(text, '\n', (size_t) (end - text)) : 0;
    n = (size_t) ((nl ? nl : end) - text);
    ok = ok && (!lines.len || stralloc_cats(&lines, "\r\n")) && stralloc_catb(&lines, code, width) &&
         stralloc_cats(&lines, nl ? "-" : " ") && stralloc_catb(&lines, text, n > 500 ? 500 : n);
    text = nl ? nl + 1 : end;
  } while (nl);
  /* Without memory for its words, what they meant. */
  if (ok && stralloc_0(&lines)) session_reply(s, lines.s);
  else session_reply(s, s->upstream.code < 400 ? "250 2.0.0 ok" : s->upstream.code < 500 ?
                        "451 4.3.0 try again later" : "550 5.0.0 refused");
}

/* What every path ends with, in the command for the upstream. */
static int command(stralloc *line, const char *verb, const struct address *a)
{
  return stralloc_copys(line, verb) && stralloc_catb(line, a->text, a->len) &&
         stralloc_cats(line, ">");
}

static int with(stralloc *line, const char *name, const stralloc *value)
{
  return !value->len || (stralloc_cats(line, name) && stralloc_catb(line, value->s, value->len));
}

static int mailcommand(stralloc *line, const struct address *a, const struct params *p)
{
  return command(line, "MAIL FROM:<", a) &&
         (!p->body8 || stralloc_cats(line, " BODY=8BITMIME")) &&
         (!p->body7 || stralloc_cats(line, " BODY=7BIT")) &&
         (!p->smtputf8 || stralloc_cats(line, " SMTPUTF8")) &&
         with(line, " RET=", &p->ret) && with(line, " ENVID=", &p->envid) &&
         with(line, " AUTH=", &p->auth);
}

int behind_compose(struct session *s, const struct params *p)
{
  return mailcommand(&s->t.mail, &s->t.sender, p);
}

int behind_lacks(const struct session *s, const struct params *p)
{
  unsigned int wants = (p->body8 ? SMTPC_8BITMIME : 0u) | (p->smtputf8 ? SMTPC_SMTPUTF8 : 0u) |
                       (p->ret.len || p->envid.len ? SMTPC_DSN : 0u);

  return (behind_offers(s) & wants) != wants;
}

/* Was the command taken? If not, that has been said. */
static int taken(struct session *s, int r)
{
  if (r >= 250 && r <= 252) return 1;
  if (r >= 400) behind_relay(s);
  else {
    if (r != -1) {
      log_event("upstream-lost", session_id(s), upstream_name(s->to), ": gave the wrong kind of answer");
      smtpc_close(&s->upstream);
    }
    session_reply(s, "451 4.4.2 the mail server behind this one does not answer; try again later");
  }
  return 0;
}

int behind_mail(struct session *s, const struct params *p)
{
  static stralloc line;
  struct transaction *t = &s->t;
  int r = -1;

  t->told = 1;
  introduce_message(s);
  if (behind_compose(s, p) && stralloc_copyb(&line, t->mail.s, t->mail.len) &&
      (!p->size_given || !(s->upstream.offers & SMTPC_SIZE) ||
       (stralloc_cats(&line, " SIZE=") && stralloc_number(&line, p->size))))
    r = behind_ask(s, line.s, line.len);
  return taken(s, r);
}

int behind_repeat(struct session *s)
{
  introduce_message(s);
  return behind_ask(s, s->t.mail.s, s->t.mail.len);
}

int behind_rcpt(struct session *s, const struct address *a, const struct params *p)
{
  static stralloc line;
  int r = -1;

  if (command(&line, "RCPT TO:<", a) && with(&line, " NOTIFY=", &p->notify) &&
      with(&line, " ORCPT=", &p->orcpt)) r = behind_ask(s, line.s, line.len);
  if (!taken(s, r)) return 0;
  if (!stralloc_cat(&s->t.rcpts, &line) || !stralloc_append(&s->t.rcpts, "\n")) s->over = 1;
  return 1;
}
