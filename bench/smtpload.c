/* smtpload: a bounded load of SMTP sessions on a port of 127.0.0.1, in lock
 * step, from one process; one line of NAME=VALUE words when it is over.
 *
 *   -p PORT      the port
 *   -s COUNT     sessions at a time (20)
 *   -m COUNT     messages a connection (1)
 *   -l BYTES     body of a message (4096)
 *   -t SECONDS   no new message after that time (2)
 *   -n COUNT     no new message after that many (no limit)
 *   -e           by STARTTLS, with whatever certificate
 *   -g USEC      pause after each message, for times at low load (0)
 *   -h           hold: open all sessions, 32 at a time, say EHLO on each, print
 *                "held=COUNT", and keep them until descriptor 0 is at its end
 *
 * Every message is different from the others, so that nobody's cache helps. The
 * time of a connection's first message counts from the connect, that of the
 * others from MAIL, all to the reply after the last dot. A connection is over
 * when QUIT has been answered. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OPENING 32           /* connections of hold mode without an answer yet */
#define GRACE 20             /* seconds for what is under way when time is up */
#define HOLD 120             /* seconds after which held sessions end anyway */
#define TROUBLE 200          /* errors after which it is no use */

enum state { IDLE, PAUSE, BANNER, EHLO, STARTTLS, HANDSHAKE, MAIL, RCPT, DATA, BODY, QUIT, HELD };
static const char *const names[] = {
  "idle", "pause", "banner", "EHLO", "STARTTLS", "handshake", "MAIL", "RCPT", "DATA", "message", "QUIT", "held"
};

struct session {
  int fd;
  enum state state;
  SSL *ssl;                  /* 0: in clear */
  long sent;                 /* messages of this connection */
  int64_t began;             /* ns: of the message under way */
  int64_t wake;              /* ns: when the pause is over */
  const char *out;           /* what is still to be written */
  size_t outlen;
  char *message;             /* its own copy */
  char in[2048];
  size_t inlen;
};

static struct {
  unsigned short port;
  long sessions, each, size, most, pause;
  double seconds;
  int hold, encrypt;
} want = { 0, 20, 1, 4096, 1000000000, 0, 2, 0, 0 };

static SSL_CTX *context;

static char *message;
static size_t messagelen, idat, lineat;   /* where the number goes, twice */
static struct session *sessions;
static int watcher;
static int64_t begin, deadline;
static long begun, done, errors, connections, active, held, waiting;
static unsigned long serial;
static float *times;
static size_t timeslen, timesmax;
static char trouble[160] = "-";

static void fail(const char *what)
{
  perror(what);
  exit(111);
}

static int64_t now(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void add(const char *text)
{
  size_t len = strlen(text);

  memcpy(message + messagelen, text, len);
  messagelen += len;
}

static void compose(void)
{
  static const char words[] = "The quick brown fox jumps over the lazy dog and runs on for a while\r\n";
  static const char number[] = "0000000000000000";
  size_t size = (size_t) want.size, start;

  message = malloc(size + 2048);
  if (!message) fail("malloc");
  add("From: Bench Sender <sender@bench.test>\r\nTo: <rcpt@bench.test>\r\n"
      "Subject: benchmark message\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\nMessage-ID: <");
  idat = messagelen;
  add(number);
  add("@bench.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n"
      "Content-Transfer-Encoding: 7bit\r\n\r\n");
  start = lineat = messagelen;
  add(number);
  add("\r\n");
  while (messagelen - start + sizeof words - 1 <= size) add(words);
  for (; messagelen - start + 2 < size; ++messagelen) message[messagelen] = 'x';
  add("\r\n.\r\n");
}

static void watch(struct session *s, int operation, uint32_t events)
{
  struct epoll_event event = { .events = events, .data.ptr = s };

  if (epoll_ctl(watcher, operation, s->fd, &event) == -1) fail("epoll_ctl");
}

static int may_begin(void)
{
  return begun < want.most && now() < deadline;
}

static void leave(struct session *s)
{
  if (s->ssl && s->state == QUIT) SSL_shutdown(s->ssl);
  SSL_free(s->ssl);
  s->ssl = 0;
  close(s->fd);
  s->fd = -1;
  s->state = IDLE;
  --active;
}

static void give_up(struct session *s, const char *why)
{
  snprintf(trouble, sizeof trouble, "%s: %.100s", names[s->state], why);
  if (s->state == HELD) --held;
  ++errors;
  leave(s);
}

/* As send() and recv(), in clear or not. */
static ssize_t transmit(struct session *s)
{
  int r;

  if (!s->ssl) return send(s->fd, s->out, s->outlen, MSG_NOSIGNAL);
  r = SSL_write(s->ssl, s->out, (int) s->outlen);
  errno = SSL_get_error(s->ssl, r) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
  return r > 0 ? r : -1;
}

static ssize_t receive(struct session *s)
{
  int room = (int) (sizeof s->in - s->inlen - 1), r;

  if (!s->ssl) return recv(s->fd, s->in + s->inlen, (size_t) room, 0);
  r = SSL_read(s->ssl, s->in + s->inlen, room);
  if (r > 0) return r;
  r = SSL_get_error(s->ssl, r);
  errno = r == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
  return r == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

/* 1, 0: the rest must wait, -1: broken */
static int flush(struct session *s)
{
  ssize_t w;

  while (s->outlen) {
    w = transmit(s);
    if (w == -1) return errno == EAGAIN ? 0 : -1;
    s->out += w;
    s->outlen -= (size_t) w;
  }
  return 1;
}

static void say(struct session *s, enum state next, const char *text, size_t len)
{
  s->state = next;
  s->out = text;
  s->outlen = len;
  switch (flush(s)) {
    case 0: watch(s, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT); break;
    case -1: give_up(s, strerror(errno));
  }
}
#define SAY(s, next, text) say((s), (next), (text), sizeof(text) - 1)

static void shake(struct session *s)
{
  int r = SSL_do_handshake(s->ssl), why = SSL_get_error(s->ssl, r);

  if (r == 1) SAY(s, EHLO, "EHLO load.bench.test\r\n");
  else if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) give_up(s, "failed");
}

static void encrypt(struct session *s)
{
  s->state = HANDSHAKE;
  s->ssl = SSL_new(context);
  if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1) fail("SSL_new");
  SSL_set_connect_state(s->ssl);
  shake(s);
}

static void begin_message(struct session *s)
{
  if (s->sent) s->began = now();
  SAY(s, MAIL, "MAIL FROM:<sender@bench.test>\r\n");
}

static void open_session(struct session *s)
{
  static const int on = 1;
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(want.port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (s->fd == -1) fail("socket");
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  s->state = BANNER;
  s->sent = 0;
  s->inlen = s->outlen = 0;
  s->began = now();
  ++connections;
  ++active;
  if (connect(s->fd, (struct sockaddr *) &to, sizeof to) == -1 && errno != EINPROGRESS) {
    give_up(s, strerror(errno));
    return;
  }
  watch(s, EPOLL_CTL_ADD, EPOLLIN);
}

static void send_message(struct session *s)
{
  char number[24];

  if (!s->message) {
    s->message = malloc(messagelen);
    if (!s->message) fail("malloc");
    memcpy(s->message, message, messagelen);
  }
  snprintf(number, sizeof number, "%08lx%08lx", (unsigned long) begin & 0xffffffff, ++serial);
  memcpy(s->message + idat, number, 16);
  memcpy(s->message + lineat, number, 16);
  say(s, BODY, s->message, messagelen);
}

static void note_time(struct session *s)
{
  if (timeslen == timesmax) {
    timesmax = timesmax ? 2 * timesmax : 4096;
    times = realloc(times, timesmax * sizeof *times);
    if (!times) fail("realloc");
  }
  times[timeslen++] = (float) (now() - s->began) / 1000;
}

static void accepted(struct session *s)
{
  note_time(s);
  ++done;
  ++s->sent;
  if (s->sent == want.each || !may_begin()) {
    SAY(s, QUIT, "QUIT\r\n");
    return;
  }
  ++begun;
  if (!want.pause) {
    begin_message(s);
    return;
  }
  s->state = PAUSE;
  s->wake = now() + want.pause * 1000;
  ++waiting;
}

static void over(struct session *s)
{
  leave(s);
  if (!want.pause) return;
  s->state = PAUSE;
  s->wake = now() + want.pause * 1000;
  ++waiting;
}

/* the last line of a reply */
static void reply(struct session *s, const char *line)
{
  static const char *const expected[] = {
    [BANNER] = "220", [EHLO] = "250", [STARTTLS] = "220", [MAIL] = "250", [RCPT] = "250", [DATA] = "354",
    [BODY] = "250", [QUIT] = "221"
  };

  if (s->state > QUIT || !expected[s->state] || strncmp(line, expected[s->state], 3)) {
    give_up(s, line);
    return;
  }
  switch (s->state) {
    case BANNER: SAY(s, EHLO, "EHLO load.bench.test\r\n"); return;
    case EHLO:
      if (want.encrypt && !s->ssl) {
        SAY(s, STARTTLS, "STARTTLS\r\n");
        return;
      }
      if (want.hold) {
        s->state = HELD;
        ++held;
        return;
      }
      begin_message(s);
      return;
    case STARTTLS: encrypt(s); return;
    case MAIL: SAY(s, RCPT, "RCPT TO:<rcpt@bench.test>\r\n"); return;
    case RCPT: SAY(s, DATA, "DATA\r\n"); return;
    case DATA: send_message(s); return;
    case BODY: accepted(s); return;
    case QUIT: over(s); return;
    case IDLE: case PAUSE: case HELD: case HANDSHAKE: return;
  }
}

/* Lock step: one reply is all that can be in the buffer. */
static void hear(struct session *s)
{
  ssize_t r = receive(s);
  char *line, *end;

  if (r == -1 && errno == EAGAIN) return;
  if (r < 1) {
    give_up(s, r ? strerror(errno) : "closed");
    return;
  }
  s->inlen += (size_t) r;
  s->in[s->inlen] = 0;
  for (line = s->in; (end = strchr(line, '\n')); line = end + 1)
    if (end - line < 4 || line[3] != '-') {
      *end = 0;
      s->inlen = 0;
      reply(s, line);
      return;
    }
  if (s->inlen == sizeof s->in - 1) give_up(s, "reply too long");
}

static void happen(struct session *s, uint32_t events)
{
  if (s->fd == -1) return;
  if (s->outlen && (events & EPOLLOUT)) {
    switch (flush(s)) {
      case -1: give_up(s, strerror(errno)); return;
      case 1: watch(s, EPOLL_CTL_MOD, EPOLLIN);
    }
  }
  if (s->state == HANDSHAKE) shake(s);
  else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    /* What is decrypted already no event tells of. */
    do hear(s);
    while (s->fd != -1 && s->ssl && SSL_pending(s->ssl));
  }
}

/* Sessions that are over, or whose pause is, begin again. */
static void renew(void)
{
  struct session *s;

  for (s = sessions; s < sessions + want.sessions; ++s) {
    if (s->state == PAUSE && s->wake <= now()) {
      --waiting;
      if (s->fd != -1) {
        begin_message(s);
        continue;
      }
      s->state = IDLE;
    }
    if (s->state == IDLE && errors < TROUBLE && may_begin()) {
      ++begun;
      open_session(s);
    }
  }
}

static void load(void)
{
  struct epoll_event events[64];
  int64_t end = deadline + (int64_t) GRACE * 1000000000;
  int i, n;

  for (;;) {
    renew();
    if (!active && !waiting) return;
    if (now() > end) break;
    n = epoll_wait(watcher, events, 64, waiting ? 1 : 200);
    for (i = 0; i < n; ++i) happen(events[i].data.ptr, events[i].events);
  }
  errors += active;
  snprintf(trouble, sizeof trouble, "%ld sessions hung", active);
}

static void hold(void)
{
  struct epoll_event events[64], event = { .events = EPOLLIN, .data.ptr = 0 };
  int64_t end = begin + (int64_t) HOLD * 1000000000;
  long opened = 0, told = 0;
  int i, n;

  if (epoll_ctl(watcher, EPOLL_CTL_ADD, 0, &event) == -1) fail("epoll_ctl");
  while (now() < end) {
    while (opened < want.sessions && opened - held - errors < OPENING) open_session(&sessions[opened++]);
    if (!told && held + errors >= want.sessions) {
      told = 1;
      printf("held=%ld errors=%ld trouble=%s\n", held, errors, trouble);
      fflush(stdout);
    }
    n = epoll_wait(watcher, events, 64, 200);
    for (i = 0; i < n; ++i) {
      if (!events[i].data.ptr) return;
      happen(events[i].data.ptr, events[i].events);
    }
  }
}

static int compare(const void *a, const void *b)
{
  const float *x = a, *y = b;

  return *x < *y ? -1 : *x > *y;
}

static void print(void)
{
  double elapsed = (double) (now() - begin) / 1e9;
  struct rusage used;
  char *c;

  getrusage(RUSAGE_SELF, &used);
  for (c = trouble; *c; ++c)
    if (*c <= ' ') *c = '_';
  printf("messages=%ld errors=%ld connections=%ld seconds=%.4f bytes=%zu cpu=%.4f", done, errors,
         connections, elapsed, messagelen,
         (double) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double) (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
  if (timeslen) {
    qsort(times, timeslen, sizeof *times, compare);
    printf(" p50=%.0f p90=%.0f p99=%.0f max=%.0f", (double) times[timeslen / 2],
           (double) times[timeslen * 9 / 10], (double) times[timeslen * 99 / 100],
           (double) times[timeslen - 1]);
  }
  printf(" trouble=%s\n", trouble);
}

static void usage(void)
{
  fputs("usage: smtpload -p PORT [-s SESSIONS] [-m EACH] [-l BYTES] [-t SECONDS] [-n COUNT]"
        " [-g USEC] [-e] [-h]\n", stderr);
  exit(100);
}

static void arguments(int argc, char **argv)
{
  int c;

  while ((c = getopt(argc, argv, "p:s:m:l:t:n:g:eh")) != -1)
    switch (c) {
      case 'p': want.port = (unsigned short) strtoul(optarg, 0, 10); break;
      case 's': want.sessions = strtol(optarg, 0, 10); break;
      case 'm': want.each = strtol(optarg, 0, 10); break;
      case 'l': want.size = strtol(optarg, 0, 10); break;
      case 't': want.seconds = strtod(optarg, 0); break;
      case 'n': want.most = strtol(optarg, 0, 10); break;
      case 'g': want.pause = strtol(optarg, 0, 10); break;
      case 'e': want.encrypt = 1; break;
      case 'h': want.hold = 1; break;
      default: usage();
    }
  if (!want.port || want.sessions < 1 || want.sessions > 10000 || want.each < 1 ||
      want.size < 32 || want.size > 100000000 || want.seconds > 600) usage();
}

int main(int argc, char **argv)
{
  long i;

  arguments(argc, argv);
  compose();
  if (want.encrypt) {
    context = SSL_CTX_new(TLS_client_method());
    if (!context) fail("SSL_CTX_new");
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  }
  watcher = epoll_create1(EPOLL_CLOEXEC);
  if (watcher == -1) fail("epoll_create1");
  sessions = calloc((size_t) want.sessions, sizeof *sessions);
  if (!sessions) fail("calloc");
  for (i = 0; i < want.sessions; ++i) sessions[i].fd = -1;
  begin = now();
  deadline = begin + (int64_t) (want.seconds * 1e9);
  if (want.hold) {
    hold();
    return 0;
  }
  load();
  print();
  return errors ? 1 : 0;
}
