#include "parcel.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "control.h"
#include "date.h"
#include "ledger.h"
#include "log.h"
#include "maillog.h"
#include "peer.h"
#include "prepare.h"
#include "setting.h"
#include "store.h"
#include "stream.h"
#include "target.h"
#include "verdict.h"

#include <unistd.h>

#define TRACE "X-CM-Fetch"

/* A descriptor that is 0 would be somebody else's, and closed. */
void parcel_ready(struct parcel *p, size_t count)
{
  for (; count; --count, ++p) {
    p->message.spool.fd = p->filtered.fd = -1;
  }
}

void parcel_begin(struct parcel *p, const struct letter *l)
{
  spool_drop(&p->message.spool);
  spool_drop(&p->filtered);
  id_make(p->id);
  p->letter = l;
  p->began = clock_ms();
  p->header_only = 0;
  p->count = 0;
  p->header.raw.len = p->header.end = p->header.body = 0;
  p->recipients.len = p->to.len = p->said.len = p->stored.len = p->result.text.len = 0;
  p->result.stage.len = p->result.reason.len = p->result.trace.len = 0;
}

static int say(struct parcel *p, const char *text)
{
  return stralloc_copys(&p->said, text) && stralloc_0(&p->said);
}

/* Judging --------------------------------------------------------------------- */

/* Who has our own mark has been here: somebody sends what we deliver back to the mailbox. */
static const char *circle(const struct account *a, const struct header *header, const char *token)
{
  static stralloc line;
  struct field f = { 0 };
  unsigned long hops = 0;

  while (header_next(header, &f)) {
    if (field_is(&f, "Received") && ++hops > a->hops) return "5.4.6 too many hops: the letter goes in a circle";
    if (!field_is(&f, TRACE)) continue;
    if (field_unfold(&f, &line) && line.len == strlen(token) && !memcmp(line.s, token, line.len))
      return "5.4.6 the letter has come through this mailbox before: it goes in a circle";
  }
  return 0;
}

static int decide(const struct account *a, struct parcel *p)
{
  struct decision d = {
    .pipeline = SETTING_PIPELINE, .id = p->id, .proto = a->server.imap ? "IMAP" : "POP3", .auth = a->user.s, .tls = "", .elsewhere = 1,
    .sender = p->hop.sender.s, .helo = p->hop.helo.s, .ip = p->hop.ip.s, .host = p->hop.host.s,
    .recipients = &p->recipients, .message = &p->message.spool, .body = p->header.body,
    .deadline = a->deadline
  };

  if (!a->filters) return decision_none(&p->result);
  return decision_run(&d, &p->result, &p->filtered, &p->header_only) == 1;
}

/* Making ready ------------------------------------------------------------------- */

/* Where it came from, and that it came through us. */
static int trace(const struct account *a, const struct parcel *p, const char *token, stralloc *out)
{
  return stralloc_copys(out, "Received: from ") && stralloc_cats(out, a->server.host) &&
         stralloc_cats(out, "\r\n  by ") && stralloc_cats(out, a->me.s) && stralloc_cats(out, " (CleanMail) with ") &&
         stralloc_cats(out, a->server.imap ? "IMAP" : "POP3") && stralloc_cats(out, " id ") &&
         stralloc_cats(out, p->id) && stralloc_cats(out, ";\r\n  ") && date_now(out) &&
         stralloc_cats(out, "\r\n" TRACE ": ") && stralloc_cats(out, token) && stralloc_cats(out, "\r\n");
}

/* On top, but for a line that begins "From ", which has no place behind a field. */
static int on_top(struct parcel *p, const stralloc *top)
{
  struct field f = { 0 };
  stralloc *head = &p->out.head;
  size_t at = head->len && header_next(&p->header, &f) ? (size_t) (f.start - p->header.raw.s) : 0;

  if (at > head->len || !stralloc_readyplus(head, top->len)) return 0;
  memmove(head->s + at + top->len, head->s + at, head->len - at);
  memcpy(head->s + at, top->s, top->len);
  head->len += top->len;
  return 1;
}

static enum fate ready(const struct account *a, struct parcel *p, const char *token)
{
  static stralloc top;
  struct prepare how = {
    .message = &p->message.spool, .plain = p->message.plain, .header = &p->header, .result = &p->result,
    .filtered = &p->filtered, .header_only = p->header_only, .id = p->id, .sender = p->hop.sender.s,
    .recipients = &p->recipients
  };

  if (prepare(&how, &p->out) && trace(a, p, token, &top) && on_top(p, &top)) return FATE_SEND;
  log_event("trouble", p->id, "unable to make the letter ready: ", strerror(errno));
  return FATE_LATER;
}

static int store(struct parcel *p, const char *verdict, const char *reason)
{
  struct store entry = {
    .id = p->id, .port = peer_port(), .verdict = verdict, .stage = p->result.stage.len ? p->result.stage.s : "",
    .reason = reason, .sender = p->hop.sender.s, .recipients = p->recipients.s
  };

  if (lseek(p->message.spool.fd, 0, SEEK_SET) == -1 || store_put(p->message.spool.fd, &entry) == -1) {
    log_event("trouble", p->id, "unable to store the letter: ", strerror(errno));
    return -1;
  }
  return stralloc_copys(&p->stored, "store/") && stralloc_cats(&p->stored, p->id) &&
         stralloc_cats(&p->stored, ".eml") && stralloc_0(&p->stored) ? 1 : -1;
}

int parcel_copy(struct parcel *p)
{
  return store(p, "refused", p->said.s);
}

static enum fate redirect(const struct account *a, struct parcel *p, const char *token)
{
  if (control_line("control/quarantine", &p->to) != 1)
    log_event("trouble", p->id, "control/quarantine names no address and no store");
  else if (!strcmp(p->to.s, "store"))
    return store(p, verdict_name(p->result.verdict), p->result.reason.s) == 1 ? FATE_TAKEN : FATE_LATER;
  else if ((p->to.len = strlen(p->to.s)) && stralloc_cats(&p->to, "\n") && stralloc_0(&p->to) && --p->to.len)
    return ready(a, p, token);
  return FATE_LATER;
}

static enum fate delete(struct parcel *p)
{
  struct ledger entry = {
    .id = p->id, .port = peer_port(), .verdict = verdict_name(p->result.verdict), .sender = p->hop.sender.s,
    .recipients = p->recipients.s, .stage = p->result.stage.s, .reason = p->result.reason.s,
    .size = (unsigned long) p->message.spool.size
  };

  if (ledger_deleted(&entry) == 1) return FATE_TAKEN;
  log_event("trouble", p->id, "unable to record the deletion: ", strerror(errno));
  return FATE_LATER;
}

/* There is nobody to refuse: what would be refused is as if it were accepted. */
static enum fate carry_out(const struct account *a, struct parcel *p, const char *token)
{
  int verdict = p->result.verdict;

  if (verdict == VERDICT_DEFER) return FATE_LATER;
  if (verdict_redirects(verdict)) return redirect(a, p, token);
  if (!verdict_delivers(verdict)) return delete(p);
  return stralloc_copy(&p->to, &p->recipients) && stralloc_0(&p->to) && --p->to.len ? ready(a, p, token) : FATE_LATER;
}

enum fate parcel_judge(const struct account *a, struct parcel *p, const char *token)
{
  const char *why;
  int r = spool_end(&p->message.spool, 1) == 1 ? header_read(&p->header, p->message.spool.fd) : -1;

  if (r == 1 && !hop_find(&p->header, a->user.s, &p->hop)) r = -1;
  if (r == 0 && say(p, "5.3.4 the header of the letter is too large")) return FATE_REFUSED;
  if (r == 1) r = target_find(a, &p->header, &p->hop, &p->recipients);
  if (r == 0 && say(p, "5.1.1 the letter names nobody here, and there is no control/fallback")) return FATE_REFUSED;
  if (r == 1 && (why = circle(a, &p->header, token))) return say(p, why) ? FATE_REFUSED : FATE_LATER;
  if (r == 1 && decide(a, p)) return carry_out(a, p, token);
  if (!stream_stopped) log_event("trouble", p->id, "unable to judge the letter: ", strerror(errno));
  return FATE_LATER;
}

/* The mail log ------------------------------------------------------------------- */

static const char *text(const stralloc *s)
{
  return s->len ? s->s : "";
}

void parcel_record(const struct account *a, struct parcel *p, const char *upstream)
{
  struct maillog row = {
    .id = p->id, .port = peer_port(), .protocol = a->server.imap ? "IMAP" : "POP3", .ip = text(&p->hop.ip),
    .host = text(&p->hop.host), .helo = text(&p->hop.helo), .sender = text(&p->hop.sender),
    .recipients = text(&p->recipients), .verdict = p->result.text.len ? p->result.text.s : "defer",
    .stage = text(&p->result.stage), .reason = text(&p->result.reason), .trace = text(&p->result.trace),
    .upstream = upstream,
    .stored = text(&p->stored), .size = (unsigned long) p->message.spool.size,
    .ms = (unsigned long) (clock_ms() - p->began)
  };

  if (p->header.end && !maillog_header(&row, &p->header)) return;
  maillog_append(&row);
}
