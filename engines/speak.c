#include "speak.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "confine.h"
#include "environ.h"
#include "log.h"
#include "stop.h"
#include "tls.h"

#define LINGER 1048576       /* bytes that are read, and */
#define FAREWELL 2000        /* milliseconds that are waited, of a client that is being left */

static const struct speaking *set;

static int finish_near(struct pump_end *e, int orderly, short *want)
{
  (void) want;
  if (orderly && write(set->end, "c", 1) != 1) return PUMP_BROKEN;
  shutdown(e->out, SHUT_WR);
  return 0;
}

/* A connection that is closed with bytes unread takes what was written last with it. */
static void linger(int fd)
{
  long long end = clock_ms() + FAREWELL, left;
  struct pollfd p = { fd, POLLIN, 0 };
  static char bytes[16384];
  size_t most = LINGER;
  ssize_t r;

  while ((left = end - clock_ms()) > 0 && most > sizeof bytes && poll(&p, 1, (int) left) > 0) {
    r = read(fd, bytes, sizeof bytes);
    if (r <= 0) return;
    most -= (size_t) r;
  }
}

static __attribute__((noreturn)) void leave(int code)
{
  close(set->data);
  close(set->control);
  close(set->end);
  shutdown(set->out, SHUT_WR);
  linger(set->in);
  _exit(code);
}

static __attribute__((noreturn)) void refused(void)
{
  log_event("tls-failed", set->id, tls_reason());
  leave(TROUBLE);
}

static void agreed(void)
{
  const struct tls_facts *f = tls_facts();
  char text[ENVIRON_MAX];
  size_t len;

  log_event("tls", set->id, f->protocol, " ", f->cipher, " ", f->file, " ", *f->name ? f->name : "-");
  if (set->silent) return;
  len = environ_write(text, f);
  if (send(set->control, text, len, MSG_NOSIGNAL) != (ssize_t) len) _exit(DONE);
}

void speak(const struct speaking *how)
{
  long long deadline = clock_ms() + (long long) how->handshake * 1000;
  struct timeval limit = { (time_t) how->handshake, 0 };
  struct pump_end far = { .in = how->in, .out = how->out }, near;
  enum pump_result r;

  set = how;
  if (!tls_serve(&far, how->keys, how->directory, how->id) || pump_plain(&near, how->data, how->data) == -1) refused();
  near.finish = finish_near;
  setsockopt(how->keys, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (!how->confined && confine_to_open(SPEAK_MEMORY) == -1) stop(TROUBLE, "unable to confine myself: ", strerror(errno));
  if (!tls_greeted(&far, deadline) || !tls_handshake(&far, deadline)) refused();
  agreed();
  r = pump(&far, &near, how->idle);
  if (r == PUMP_CUT) log_event("tls-cut", how->id, "the client ended without close_notify");
  if (r == PUMP_IDLE) log_event("tls-idle", how->id, "nothing moved for too long");
  leave(r == PUMP_DONE ? DONE : CUT);
}
