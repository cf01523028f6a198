#include "record.h"

#include <fcntl.h>
#include <unistd.h>

#include "copy.h"
#include "digits.h"
#include "home.h"
#include "identity.h"
#include "log.h"
#include "maillog.h"
#include "peer.h"

void record(struct session *s)
{
  struct transaction *t = &s->t;
  struct result *r = &t->result;
  struct maillog row = {
    .id = t->id, .port = peer_port(), .protocol = session_protocol(s),
    .ip = identity_ip(s), .host = identity_host(s), .helo = identity_helo(s), .sender = t->sender.text,
    .recipients = t->recipients.len ? t->recipients.s : "",
    .verdict = r->text.len ? r->text.s : "refused",
    .stage = r->stage.len ? r->stage.s : "", .reason = r->reason.len ? r->reason.s : "",
    .trace = r->trace.len ? r->trace.s : "", .reply = t->message.size && t->heard.len ? t->heard.s : t->refusal.len ? t->refusal.s : "",
    .upstream = t->answered.len ? t->answered.s : "", .stored = t->stored.len ? t->stored.s : "",
    .size = (unsigned long) t->message.size - (unsigned long) t->top.len,
    .client_in = (unsigned long) (s->client.got - t->bytes[0]),
    .client_out = (unsigned long) (s->client.sent - t->bytes[1]),
    .upstream_in = (unsigned long) (s->upstream.stream.got - t->bytes[2]),
    .upstream_out = (unsigned long) (s->upstream.stream.sent - t->bytes[3]),
    .ms = (unsigned long) (clock_ms() - t->began)
  };

  t->recorded = 1;
  if (t->header.end && !maillog_header(&row, &t->header)) s->over = 1;
  maillog_append(&row);
}

void record_dropped(const struct session *s)
{
  static stralloc line;
  char now[DIGITS_TIME];
  unsigned long lines = log_dropped();
  int dir, fd;

  if (!lines) return;
  digits_time(now);
  if (!stralloc_copys(&line, now) || !stralloc_cats(&line, " ") || !stralloc_cats(&line, s->id) ||
      !stralloc_cats(&line, " ") || !stralloc_number(&line, lines) || !stralloc_cats(&line, "\n")) return;
  dir = home_open("log");
  if (dir == -1) return;
  fd = openat(dir, "dropped", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  close(dir);
  if (fd == -1) return;
  if (copy_line(fd, line.s, line.len) == -1) { }  /* there is nobody left to tell */
  close(fd);
}
