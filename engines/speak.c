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
#include "serving.h"
#include "stop.h"
#include "tls.h"

#define LINGER 1048576       /* bytes that are read, and */
#define FAREWELL 2000        /* milliseconds that are waited, of a client that is being left */

static int finish_near(struct pump_end *e, int orderly, short *want)
{
  (void) want;
  if (orderly && write(SERVING_END, "c", 1) != 1) return PUMP_BROKEN;
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
  close(SERVING_DATA);
  close(SERVING_CONTROL);
  close(SERVING_END);
  shutdown(1, SHUT_WR);
  linger(0);
  _exit(code);
}

static __attribute__((noreturn)) void refused(const struct speaking *how)
{
  log_event("tls-failed", how->id, tls_reason());
  leave(TROUBLE);
}

static void agreed(const struct speaking *how)
{
  const struct tls_facts *f = tls_facts();
  char text[ENVIRON_MAX];
  size_t len;

  log_event("tls", how->id, f->protocol, " ", f->cipher, " ", f->file, " ", *f->name ? f->name : "-");
  if (how->silent) return;
  len = environ_write(text, f);
  if (send(SERVING_CONTROL, text, len, MSG_NOSIGNAL) != (ssize_t) len) _exit(DONE);
}

void speak(const struct speaking *how)
{
  long long deadline = clock_ms() + (long long) how->handshake * 1000;
  struct timeval limit = { (time_t) how->handshake, 0 };
  struct pump_end far = { .in = 0, .out = 1 }, near;
  enum pump_result r;

  if (!tls_serve(&far, SERVING_KEYS, how->directory, how->id) ||
      pump_plain(&near, SERVING_DATA, SERVING_DATA) == -1) refused(how);
  near.finish = finish_near;
  setsockopt(SERVING_KEYS, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (confine_to_open(SPEAK_MEMORY) == -1) stop(TROUBLE, "unable to confine myself: ", strerror(errno));
  if (!tls_greeted(&far, deadline) || !tls_handshake(&far, deadline)) refused(how);
  agreed(how);
  r = pump(&far, &near, how->idle);
  if (r == PUMP_CUT) log_event("tls-cut", how->id, "the client ended without close_notify");
  if (r == PUMP_IDLE) log_event("tls-idle", how->id, "nothing moved for too long");
  leave(r == PUMP_DONE ? DONE : CUT);
}
