#include "filter.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "identity.h"
#include "log.h"
#include "setting.h"
#include "starttls.h"

#define REST 1            /* seconds for the rest of an answer, while nobody watches the client */

/* The upstream has said something: the answer to our NOOP, or what it should not. */
static void hear(struct session *s, int *waiting, unsigned long seconds)
{
  if (*waiting) smtpc_reply(&s->upstream, seconds);
  else smtpc_close(&s->upstream);
  if (!smtpc_isopen(&s->upstream)) log_event("upstream-lost", s->t.id, "while the filters ran");
  *waiting = 0;
}

/* Until the program ends: watch the client, keep the upstream awake. */
static enum decision_end watch(void *with, int pidfd, long long end)
{
  struct session *s = with;
  long long now = clock_last(), every = (long long) s->set.keepalive * 1000, next = now + every;
  struct pollfd p[3] = { { pidfd, POLLIN, 0 }, { s->client.in, POLLRDHUP, 0 }, { -1, POLLIN, 0 } };
  struct timespec left;
  sigset_t none;
  int r, waiting = 0;

  sigemptyset(&none);
  for (;; now = clock_ms()) {
    p[2].fd = smtpc_isopen(&s->upstream) ? s->upstream.stream.in : -1;
    if (now >= end) return DECISION_LATE;
    if (now >= next) {
      next = now + every;
      if (p[2].fd != -1 && !waiting) waiting = smtpc_send(&s->upstream, "NOOP", 4, 30) == 1;
    }
    left.tv_sec = (time_t) (((end < next ? end : next) - now) / 1000);
    left.tv_nsec = (long) (((end < next ? end : next) - now) % 1000 * 1000000);
    r = stream_stopped ? -1 : ppoll(p, 3, &left, &none);
    if (stream_stopped) return DECISION_STOPPED;
    if (r <= 0) continue;
    if (p[0].revents) break;
    if (p[1].revents) {
      /* It has ended its side, also where commands that are not read yet stand before the end. */
      if (!session_present(s) || starttls_cut(s)) return DECISION_GONE;
      p[1].fd = -1;  /* it has only closed its own half, with commands still to be read */
    }
    if (p[2].revents) hear(s, &waiting, REST);
  }
  if (waiting) hear(s, &waiting, s->set.timeoutremote);
  return DECISION_ENDED;
}

int filter_run(struct session *s)
{
  struct transaction *t = &s->t;
  struct decision d = {
    .pipeline = SETTING_PIPELINE, .id = t->id, .sender = t->sender.text, .helo = identity_helo(s),
    .proto = identity_protocol(s),
    .auth = s->user.len ? s->user.s : "", .tls = s->tls ? s->tls : "",
    .ip = identity_ip(s), .host = identity_host(s), .elsewhere = t->forward.given,
    .recipients = &t->recipients, .message = &t->message, .body = t->header.body, .deadline = s->set.deadline, .watch = watch, .with = s
  };
  int r = s->set.filters ? decision_run(&d, &t->result, &t->filtered, &t->header_only)
                         : decision_none(&t->result);

  if (r == 0) s->over = 1;
  return r == -1 ? -1 : 1;
}
