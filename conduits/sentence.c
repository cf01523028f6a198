#include "sentence.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "goal.h"
#include "log.h"
#include "print.h"
#include "reply.h"
#include "setting.h"
#include "stream.h"
#include "verdict.h"

static stralloc said;      /* by who took a message that was redirected */

static const char *text(const stralloc *s)
{
  return s->len ? s->s : "";
}

static const char *protocol(const struct visitor *v)
{
  static const char *const names[] = { "ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA" };

  return v->extended ? names[(v->tls.len ? 1 : 0) + (v->user.len ? 2 : 0)] : "SMTP";
}

/* 1, or 0: there is no verdict, and the log says why. */
static int judge(struct visitor *v)
{
  struct item *i = &v->item;
  unsigned long deadline;
  const struct setting numbers[] = { { "deadline", &deadline, 180 } };
  static stralloc trouble;
  int stages;

  i->protocol = protocol(v);
  i->sender = text(&v->sender);
  i->ip = text(&v->ip);
  i->host = text(&v->host);
  i->helo = text(&v->helo);
  i->auth = text(&v->user);
  i->tls = text(&v->tls);
  i->elsewhere = 1;
  if (v->trouble) {
    log_event("trouble", i->id, "unable to keep the message: ", strerror(v->trouble));
    return 0;
  }
  if (!control_survey(&trouble) || !setting_numbers(numbers, 1, &trouble) ||
      !setting_pipeline(SETTING_PIPELINE, &stages, &trouble)) {
    log_event("trouble", i->id, control_words(&trouble));
    return 0;
  }
  if (item_judge(i, SETTING_PIPELINE, stages, deadline) == 1) return 1;
  log_event(stream_stopped ? "aborted" : "trouble", i->id, stream_stopped ? "the client went away" : "out of memory");
  return 0;
}

static int quarantine(struct item *i)
{
  unsigned long patience;
  const struct setting numbers[] = { { "timeoutremote", &patience, 300 } };
  static stralloc to, trouble;

  if (control_line("control/quarantine", &to) == 1 && goal_valid(to.s) && (strchr(to.s, '@') || *to.s == 's') &&
      setting_numbers(numbers, 1, &trouble)) return goal_reach(to.s, i, patience, &said);
  log_event("trouble", i->id, "control/quarantine names no address and no store");
  return 0;
}

/* What is done about a message, as the verdict that its client will hear of. OpenSMTPD can hand it on
 * or refuse it, and neither accept it for us nor do both. */
static int carry_out(struct item *i)
{
  int verdict = i->result.verdict;

  if (verdict_delivers(verdict)) return VERDICT_DELIVER;
  if (verdict_redirects(verdict)) return quarantine(i) ? VERDICT_REJECT_REDIRECT : VERDICT_DEFER;
  return verdict == VERDICT_DELETE ? VERDICT_REJECT : verdict;
}

/* The message -------------------------------------------------------------- */

/* Bytes of it as lines of the protocol, with dots before dots; cut anywhere. */
static void lines(const struct visitor *v, const char *bytes, size_t len)
{
  static int within, cr;
  const char *end = bytes + len, *nl;
  size_t n;

  while (bytes < end) {
    if (!within) {
      print("filter-dataline|", v->id, "|", v->token, "|");
      if (*bytes == '.') print(".");
      within = 1;
    }
    if (cr && *bytes != '\n') print("\r");
    nl = memchr(bytes, '\n', (size_t) (end - bytes));
    n = (size_t) ((nl ? nl : end) - bytes);
    cr = n ? bytes[n - 1] == '\r' : cr && !nl;
    print_bytes(bytes, n - (n && cr));
    if (nl) {
      print("\n");
      within = cr = 0;
    }
    bytes += n + (nl ? 1 : 0);
  }
  if (!len && within) print("\n");
}

/* 1, or 0 with errno: some of it may be printed. */
static int hand_on(const struct visitor *v)
{
  static struct outgoing o;
  static char bytes[65536];
  ssize_t n = 1;

  if (!item_outgoing(&v->item, &o)) return 0;
  lines(v, o.head.s, o.head.len);
  while (o.offset < o.size && n > 0) {
    n = pread(o.fd, bytes, sizeof bytes, o.offset);
    if (n > 0) lines(v, bytes, (size_t) n);
    o.offset += n;
  }
  lines(v, "", 0);
  return n > 0 || o.offset == o.size;
}

void sentence(struct visitor *v)
{
  static stralloc line;
  struct item *i = &v->item;
  int heard, ours;

  stream_signals(0);
  heard = judge(v) ? carry_out(i) : VERDICT_DEFER;
  if (stream_stopped) return;
  if (heard == VERDICT_DELIVER) {
    if (!stralloc_copys(&line, "handed on") || !stralloc_0(&line)) return;
    print("proceed\n");
    if (!hand_on(v)) return;
  } else {
    ours = heard == VERDICT_DEFER && i->result.verdict != VERDICT_DEFER;
    if (reply_text(heard, ours || !i->result.stage.len ? 0 : i->result.stage.s, ours ? "" : text(&i->result.reason), i->id,
                   &line) != 1 || !stralloc_0(&line)) return;
    print("reject|", line.s, "\n");
  }
  print("whole\n");
  item_record(i, line.s, text(&said));
}
