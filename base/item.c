#include "item.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ledger.h"
#include "log.h"
#include "maillog.h"
#include "peer.h"
#include "prepare.h"
#include "queue.h"
#include "store.h"
#include "stream.h"
#include "verdict.h"

void item_begin(struct item *i)
{
  id_make(i->id);
  i->began = clock_ms();
  i->protocol = i->sender = i->ip = i->host = i->helo = i->auth = i->tls = "";
  i->elsewhere = i->raw = i->cr = i->header_only = 0;
  i->top = 0;
  i->watch = 0;
  i->recipients.len = i->stored.len = 0;
  i->header.raw.len = i->header.end = i->header.body = 0;
  i->result.text.len = i->result.stage.len = i->result.reason.len = i->result.trace.len = 0;
  i->result.verdict = VERDICT_DEFER;
  i->filtered.fd = -1;
  i->filtered.size = 0;
  spool_begin(&i->message, "", 0);
}

int item_recipient(struct item *i, const char *address, size_t len)
{
  stralloc *to = &i->recipients;

  return stralloc_catb(to, address, len) && stralloc_append(to, "\n") && stralloc_0(to) && to->len--;
}

/* Reading ------------------------------------------------------------------ */

int item_write(struct item *i, const char *bytes, size_t len)
{
  static char made[65536];
  const char *end = bytes + len;
  size_t n = 0;

  while (bytes < end) {
    if (*bytes == '\n' && !i->cr && !i->raw) made[n++] = '\r';
    i->cr = *bytes == '\r';
    made[n++] = *bytes++;
    if (n < sizeof made - 1 && bytes < end) continue;
    if (spool_write(&i->message, made, n) == -1 || spool_flush(&i->message) == -1) return -1;
    n = 0;
  }
  return 1;
}

int item_end(struct item *i)
{
  if (!i->message.size) {
    errno = ENODATA;
    return -1;
  }
  return spool_end(&i->message, 1) == -1 ? -1 : header_read(&i->header, i->message.fd);
}

int item_read(struct item *i, int fd, unsigned long most)
{
  static char bytes[65536];
  ssize_t n;

  for (;;) {
    n = read(fd, bytes, sizeof bytes);
    if (n == -1 && errno == EINTR && !stream_stopped) continue;
    if (n == -1) return -1;
    if (!n) return item_end(i);
    if (item_write(i, bytes, (size_t) n) == -1) return -1;
    if (most && i->message.size > (off_t) most) {
      errno = EFBIG;
      return -1;
    }
  }
}

/* Judging ------------------------------------------------------------------ */

int item_judge(struct item *i, const char *pipeline, int stages, unsigned long deadline)
{
  struct decision d = {
    .id = i->id, .sender = i->sender, .helo = i->helo, .proto = i->protocol, .auth = i->auth, .tls = i->tls,
    .ip = i->ip, .host = i->host, .elsewhere = i->elsewhere, .recipients = &i->recipients,
    .pipeline = pipeline, .message = &i->message, .body = i->header.body, .deadline = deadline,
    .watch = i->watch, .with = i->with
  };

  return stages ? decision_run(&d, &i->result, &i->filtered, &i->header_only) : decision_none(&i->result);
}

/* What becomes of it ---------------------------------------------------------- */

static const char *text(const stralloc *s)
{
  return s->len ? s->s : "";
}

int item_outgoing(const struct item *i, struct outgoing *o)
{
  struct prepare p = {
    .message = &i->message, .header = &i->header, .result = &i->result, .filtered = &i->filtered,
    .header_only = i->header_only, .id = i->id, .sender = i->sender, .recipients = &i->recipients
  };

  return prepare(&p, o);
}

int item_hand(const struct item *i, const char **program, const stralloc *head, const char *sender,
              const stralloc *recipients, unsigned long seconds, stralloc *said)
{
  static struct outgoing o;
  static stralloc top;
  struct queue q = { .program = program, .sender = sender, .recipients = recipients->s,
                     .recipientslen = recipients->len, .seconds = seconds, .said = said };

  if (!item_outgoing(i, &o) || !stralloc_copy(&top, head) || !stralloc_cat(&top, &o.head)) return -1;
  q.head = top.s;
  q.headlen = top.len;
  q.start = o.start;
  q.startlen = o.startlen;
  q.fd = o.fd;
  q.raw = i->raw;
  q.offset = o.offset + (off_t) o.startlen;
  q.size = o.size;
  return queue_hand(&q);
}

int item_store(struct item *i)
{
  struct store entry = {
    .id = i->id, .port = peer_port(), .verdict = verdict_name(i->result.verdict), .stage = text(&i->result.stage),
    .reason = text(&i->result.reason), .sender = i->sender, .recipients = text(&i->recipients)
  };

  if (lseek(i->message.fd, 0, SEEK_SET) != -1 && store_put(i->message.fd, &entry) == 1) {
    /* What is done is done, also where there is no memory for its name. */
    if (!stralloc_copys(&i->stored, "store/") || !stralloc_cats(&i->stored, i->id) ||
        !stralloc_cats(&i->stored, ".eml") || !stralloc_0(&i->stored)) i->stored.len = 0;
    return 1;
  }
  log_event("trouble", i->id, "unable to store the message: ", strerror(errno));
  return 0;
}

int item_delete(const struct item *i)
{
  struct ledger entry = {
    .id = i->id, .port = peer_port(), .verdict = verdict_name(i->result.verdict), .sender = i->sender,
    .recipients = text(&i->recipients), .stage = text(&i->result.stage), .reason = text(&i->result.reason),
    .size = (unsigned long) i->message.size
  };

  if (ledger_deleted(&entry) == 1) return 1;
  log_event("trouble", i->id, "unable to record the deletion: ", strerror(errno));
  return 0;
}

void item_record(const struct item *i, const char *reply, const char *upstream)
{
  const struct result *r = &i->result;
  struct maillog row = {
    .id = i->id, .port = peer_port(), .protocol = i->protocol, .ip = i->ip, .host = i->host, .helo = i->helo,
    .sender = i->sender, .recipients = text(&i->recipients), .verdict = r->text.len ? r->text.s : "defer",
    .stage = text(&r->stage), .reason = text(&r->reason), .trace = text(&r->trace), .reply = reply,
    .upstream = upstream, .stored = text(&i->stored), .size = (unsigned long) i->message.size - i->top,
    .ms = (unsigned long) (clock_ms() - i->began)
  };

  if (i->header.end && !maillog_header(&row, &i->header)) log_event("trouble", i->id, "out of memory");
  maillog_append(&row);
}

void item_drop(struct item *i)
{
  spool_drop(&i->message);
  spool_drop(&i->filtered);
}
