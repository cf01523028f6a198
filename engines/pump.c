#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum {
  BUFFER = 16384,   /* what a record of TLS has at most */
  PARTING = 30000   /* milliseconds for what is left when near has gone */
};

struct flow {
  struct pump_end *from, *to;
  char bytes[BUFFER];
  size_t pos, len;    /* pos to len is not written yet */
  enum { RUNS, ENDED, CUT, DONE } state;  /* ENDED and CUT: to has yet to hear of it */
  int cut;            /* from was cut off */
  short reads, writes;  /* what is waited for before the next try, of from and to */
};

static ssize_t plain_read(struct pump_end *e, char *to, size_t size, short *want)
{
  ssize_t r;

  do r = read(e->in, to, size); while (r == -1 && errno == EINTR);
  if (r < (ssize_t) size) *want = POLLIN;
  return r >= 0 ? r : errno == EAGAIN ? PUMP_WAIT : PUMP_BROKEN;
}

static ssize_t plain_write(struct pump_end *e, const char *from, size_t len, short *want)
{
  ssize_t r;

  do r = write(e->out, from, len); while (r == -1 && errno == EINTR);
  *want = POLLOUT;
  return r > 0 ? r : r == -1 && errno == EAGAIN ? PUMP_WAIT : PUMP_BROKEN;
}

/* A pipe can only be closed. */
static int plain_finish(struct pump_end *e, int orderly, short *want)
{
  (void) orderly;
  (void) want;
  if (shutdown(e->out, SHUT_WR) == -1 && errno == ENOTSOCK) {
    close(e->out);
    e->out = -1;
  }
  return 0;
}

int pump_plain(struct pump_end *e, int in, int out)
{
  e->in = in;
  e->out = out;
  e->read = plain_read;
  e->write = plain_write;
  e->finish = plain_finish;
  return fcntl(in, F_SETFL, fcntl(in, F_GETFL) | O_NONBLOCK) == -1 ||
         fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK) == -1 ? -1 : 1;
}

/* Take what from has, if there is room. Has anything happened? */
static int fill(struct flow *f)
{
  ssize_t r;

  if (f->reads || f->state != RUNS || f->pos < f->len) return 0;
  r = f->from->read(f->from, f->bytes, sizeof f->bytes, &f->reads);
  if (r == PUMP_WAIT) return 0;
  if (r <= 0) f->reads = 0;
  f->pos = 0;
  f->len = r > 0 ? (size_t) r : 0;
  if (r == 0) f->state = ENDED;
  if (r < 0) f->state = CUT;
  f->cut = r < 0;
  return 1;
}

/* Give what is there to the other end, and then its end. */
static int drain(struct flow *f)
{
  ssize_t r;

  if (f->writes || f->state == DONE) return 0;
  if (f->pos < f->len) r = f->to->write(f->to, f->bytes + f->pos, f->len - f->pos, &f->writes);
  else if (f->state != RUNS) r = f->to->finish(f->to, f->state == ENDED, &f->writes);
  else return 0;
  if (r == PUMP_WAIT) return 0;
  f->writes = 0;
  if (r > 0) f->pos += (size_t) r;
  else f->state = DONE;
  return 1;
}

static int step(struct flow *f)
{
  int filled = fill(f);

  return drain(f) || filled;
}

/* Nothing is read into a buffer that is not empty. */
static short wants_to_read(const struct flow *f)
{
  return f->state == RUNS && f->pos == f->len ? f->reads : 0;
}

static short wants_to_write(const struct flow *f)
{
  return f->state != DONE ? f->writes : 0;
}

/* Wait for what the ends wait for, at most ms; then both flows may try again where
 * something has happened. Is near's reader gone for good? Its out is watched for that
 * as long as anything might be written there. An end with nothing to wait for is left
 * out: its hangup would be told for ever. */
static int wait_for(const struct pump_end *far, const struct pump_end *near, struct flow *in, struct flow *out,
                    int watch, long long ms)
{
  short far_wants = wants_to_read(in) | wants_to_write(out), near_wants = wants_to_write(in) | wants_to_read(out);
  struct pollfd p[4] = {
    { far->in, far_wants & POLLIN, 0 }, { far->out, far_wants & POLLOUT, 0 },
    { near->in, near_wants & POLLIN, 0 }, { near->out, near_wants & POLLOUT, 0 }
  };
  unsigned int i;

  for (i = 0; i < 4; ++i)
    if (!p[i].events && !(i == 3 && watch)) p[i].fd = -1;
  if (poll(p, 4, ms < 0 ? 0 : ms > 1000000 ? 1000000 : (int) ms) <= 0) return 0;
  if (p[0].revents || p[1].revents) in->reads = out->writes = 0;
  if (p[2].revents || p[3].revents) in->writes = out->reads = 0;
  return watch && (p[3].revents & (POLLHUP | POLLERR));
}

enum pump_result pump(struct pump_end *far, struct pump_end *near, unsigned long idle)
{
  static struct flow in, out;
  long long now = clock_ms(), last = now, parting = 0, end;
  int gone = 0;

  in.from = out.to = far;
  in.to = out.from = near;
  while (in.state != DONE || out.state != DONE) {
    int moved = step(&in);

    moved = step(&out) || moved;
    now = clock_ms();
    if (moved) last = now;
    end = last + (long long) idle * 1000;
    if (parting && parting < end) end = parting;
    if (now >= end) return in.cut ? PUMP_CUT : PUMP_IDLE;
    if (moved) continue;
    if (wait_for(far, near, &in, &out, in.state != DONE && !gone, end - now)) {
      gone = 1;
      in.state = DONE;
      parting = clock_ms() + PARTING;
    }
  }
  return in.cut ? PUMP_CUT : PUMP_DONE;
}
