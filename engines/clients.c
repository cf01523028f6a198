#include "clients.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "copy.h"
#include "crew.h"
#include "engine.h"
#include "pass.h"

#define COMMAND 1024     /* bytes of a command */
#define INPUT 65536
#define REPLY 1500
#define FAREWELL 2000    /* ms to take in and throw away what still comes */
#define COMMANDS "SCAN PING VERSION VERSIONCOMMANDS RELOAD STATS FILDES INSTREAM IDSESSION END"

enum state { IN_COMMAND, IN_DESCRIPTOR, IN_LENGTH, IN_DATA, IN_SCAN, IN_FAREWELL };

static struct client {
  struct job job;          /* first: a job is its client */
  int fd;                  /* -1: this place is free */
  enum state state;
  char input[COMMAND];     /* not yet understood */
  size_t len;
  char end;                /* of commands and answers, '\n' or 0 */
  int session, over;       /* several commands; no more of them */
  unsigned long id;        /* of the command within a session */
  int passed;              /* a descriptor that came; -1: none */
  char subject[24];        /* what an answer is about: "stream", "fd[7]" */
  unsigned long chunk;     /* bytes of the piece that are still to come */
  unsigned long long size; /* of the stream so far */
  long long deadline;      /* of the command; when waiting for a scan, none */
} clients[CLIENTS];

static const struct clients_settings *settings;
static size_t used;        /* places below which all clients are */

static void forget_message(struct client *c)
{
  if (c->job.fd != -1) close(c->job.fd);
  c->job.fd = -1;
}

static void drop(struct client *c)
{
  if (c->state == IN_SCAN) crew_cancel(&c->job);
  forget_message(c);
  if (c->passed != -1) close(c->passed);
  close(c->fd);
  c->fd = -1;
  while (used && clients[used - 1].fd == -1) --used;
}

static void renew(struct client *c)
{
  c->state = IN_COMMAND;
  c->deadline = clock_ms() + 1000 * (long long) settings->seconds;
}

/* One who does not take its answers gets no more of them. */
static void answer(struct client *c, const char *subject, const char *text)
{
  char line[REPLY], id[24] = "";
  int len;

  if (c->id) snprintf(id, sizeof id, "%lu: ", c->id);
  len = snprintf(line, sizeof line - 1, "%s%s%s%s", id, subject, *subject ? ": " : "", text);
  if (len < 0 || len >= (int) sizeof line - 1) len = sizeof line - 2;
  line[len++] = c->end;
  renew(c);
  if (send(c->fd, line, (size_t) len, MSG_NOSIGNAL | MSG_DONTWAIT) != len || !c->session || c->over) drop(c);
}

/* The last answer. What the client still sends has to be taken in, or it may not
 * get the answer. */
static void refuse(struct client *c, const char *text)
{
  c->session = 1;
  answer(c, "", text);
  if (c->fd == -1) return;
  forget_message(c);
  shutdown(c->fd, SHUT_WR);
  c->state = IN_FAREWELL;
  c->deadline = clock_ms() + FAREWELL;
}

/* ---- messages ---- */

static void parse(struct client *c);

static void scanned(struct job *job, const char *text)
{
  struct client *c = (struct client *) job;

  forget_message(c);
  answer(c, c->subject, text);
  if (c->fd != -1) parse(c);
}

static int readable_file(int fd, struct stat *st)
{
  int flags = fcntl(fd, F_GETFL);

  return flags != -1 && !(flags & O_PATH) && (flags & O_ACCMODE) != O_WRONLY && !fstat(fd, st) && S_ISREG(st->st_mode);
}

static void submit(struct client *c)
{
  struct stat st;

  if (!readable_file(c->job.fd, &st)) {
    forget_message(c);
    answer(c, c->subject, "not a regular file that is open for reading. ERROR");
    return;
  }
  c->job.length = st.st_size;
  c->job.done = scanned;
  c->state = IN_SCAN;
  crew_submit(&c->job);
}

static void take_descriptor(struct client *c)
{
  if (c->passed == -1) {
    refuse(c, "no descriptor came. ERROR");
    return;
  }
  c->job.fd = c->passed;
  c->passed = -1;
  snprintf(c->subject, sizeof c->subject, "fd[%d]", c->job.fd);
  submit(c);
}

/* A file that nobody can find, and that is gone when we are. */
static int nameless(const char *directory)
{
  char name[4096];
  int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  if (fd != -1 || snprintf(name, sizeof name, "%s/stream.XXXXXX", directory) >= (int) sizeof name) return fd;
  fd = mkostemp(name, O_CLOEXEC);
  if (fd != -1) unlink(name);
  return fd;
}

static void begin_stream(struct client *c)
{
  c->job.fd = nameless(settings->directory);
  if (c->job.fd == -1) {
    refuse(c, "unable to keep a stream. ERROR");
    return;
  }
  snprintf(c->subject, sizeof c->subject, "stream");
  c->size = 0;
  c->state = IN_LENGTH;
}

static void take_length(struct client *c, const unsigned char *b)
{
  c->chunk = (unsigned long) b[0] << 24 | (unsigned long) b[1] << 16 | (unsigned long) b[2] << 8 | b[3];
  c->size += c->chunk;
  if (c->size > settings->stream) refuse(c, "INSTREAM size limit exceeded. ERROR");
  else if (c->chunk) c->state = IN_DATA;
  else submit(c);
}

static void take_data(struct client *c, const char *bytes, size_t len)
{
  c->chunk -= len;
  if (!c->chunk) c->state = IN_LENGTH;
  if (copy_write(c->job.fd, bytes, len) == -1) refuse(c, "unable to keep a stream. ERROR");
}

/* ---- commands ---- */

static void statistics(struct client *c)
{
  unsigned int live, busy, waiting;
  char text[REPLY];

  crew_count(&live, &busy, &waiting);
  snprintf(text, sizeof text,
           "POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live %u  idle %u max %u idle-timeout 0\n"
           "QUEUE: %u items\n\nMEMSTATS: heap N/A mmap N/A used N/A free N/A releasable N/A pools 1 "
           "pools_used N/A pools_total N/A\nEND", live, live - busy, live, waiting);
  answer(c, "", text);
}

static void command(struct client *c, const char *word)
{
  char text[REPLY];

  if (c->session) ++c->id;
  if (!strcmp(word, "PING")) answer(c, "", "PONG");
  else if (!strcmp(word, "VERSION")) answer(c, "", engine_version());
  else if (!strcmp(word, "VERSIONCOMMANDS")) {
    snprintf(text, sizeof text, "%s| COMMANDS: %s", engine_version(), COMMANDS);
    answer(c, "", text);
  } else if (!strcmp(word, "RELOAD")) {
    engine_reload();
    answer(c, "", "RELOADING");
  } else if (!strcmp(word, "STATS")) statistics(c);
  else if (!strcmp(word, "FILDES")) c->state = IN_DESCRIPTOR;
  else if (!strcmp(word, "INSTREAM")) begin_stream(c);
  else if (!strcmp(word, "IDSESSION") && !c->session) c->session = 1;
  else if (!strcmp(word, "END") && c->session) drop(c);
  else if (!strncmp(word, "SCAN ", 5) || !strncmp(word, "CONTSCAN ", 9) || !strncmp(word, "MULTISCAN ", 10) ||
           !strncmp(word, "ALLMATCHSCAN ", 13))
    answer(c, strchr(word, ' ') + 1, "files are not opened by name here, send a descriptor or a stream. ERROR");
  else refuse(c, "UNKNOWN COMMAND");
}

/* The bytes of the next piece that can be understood; 0: it is not whole. */
static size_t whole_piece(const struct client *c)
{
  const char *end;

  if (!c->len || c->state == IN_SCAN || c->state == IN_FAREWELL) return 0;
  if (c->state == IN_DESCRIPTOR) return 1;  /* the byte that it came with */
  if (c->state == IN_LENGTH) return c->len < 4 ? 0 : 4;
  if (c->state == IN_DATA) return c->len < c->chunk ? c->len : c->chunk;
  end = memchr(c->input, *c->input == 'z' ? 0 : '\n', c->len);
  return end ? (size_t) (end - c->input) + 1 : 0;
}

/* n and z say how commands end, and answers; without them it is a line break. */
static void take_command(struct client *c, char *text, size_t len)
{
  c->end = *text == 'z' ? 0 : '\n';
  text[--len] = 0;
  if (len && text[len - 1] == '\r') text[len - 1] = 0;
  command(c, *text == 'z' || *text == 'n' ? text + 1 : text);
}

static void parse(struct client *c)
{
  char piece[COMMAND];
  enum state state;
  size_t n;

  while (c->fd != -1 && (n = whole_piece(c))) {
    /* Taken out first: an answer may be followed by the next command. */
    memcpy(piece, c->input, n);
    c->len -= n;
    memmove(c->input, c->input + n, c->len);
    state = c->state;
    if (state == IN_COMMAND) take_command(c, piece, n);
    else if (state == IN_LENGTH) take_length(c, (const unsigned char *) piece);
    else if (state == IN_DATA) take_data(c, piece, n);
    else take_descriptor(c);
  }
  if (c->fd == -1) return;
  if (c->len == sizeof c->input && c->state == IN_COMMAND) refuse(c, "UNKNOWN COMMAND");
  if (c->state == IN_FAREWELL) c->len = 0;
}

/* ---- connections ---- */

static void hear(struct client *c)
{
  static char large[INPUT];
  ssize_t r;
  int fd = -1;

  if (c->state == IN_DATA && !c->len)
    r = recv(c->fd, large, c->chunk < sizeof large ? c->chunk : sizeof large, MSG_DONTWAIT);
  else r = pass_receive(c->fd, c->input + c->len, sizeof c->input - c->len, &fd);
  if (r == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (fd != -1 && c->passed != -1) {
    close(fd);
    r = 0;
  } else if (fd != -1) c->passed = fd;
  if (r <= 0) drop(c);
  else if (c->state == IN_DATA && !c->len) take_data(c, large, (size_t) r);
  else {
    c->len += (size_t) r;
    parse(c);
  }
}

void clients_begin(const struct clients_settings *s)
{
  size_t i;

  settings = s;
  for (i = 0; i < CLIENTS; ++i) clients[i].fd = -1;
}

int clients_room(void)
{
  size_t i = 0;

  if (used < CLIENTS) return 1;
  while (i < CLIENTS && clients[i].fd != -1) ++i;
  return i < CLIENTS;
}

void clients_add(int fd)
{
  struct client *c = clients;

  while (c->fd != -1) ++c;
  memset(c, 0, offsetof(struct client, input));
  c->fd = fd;
  c->job.fd = c->passed = -1;
  c->len = 0;
  c->end = '\n';
  c->session = c->over = 0;
  c->id = 0;
  if (c >= clients + used) used = (size_t) (c - clients) + 1;
  renew(c);
  hear(c);  /* often it is all there */
}

size_t clients_watch(struct pollfd *polls)
{
  size_t i;

  for (i = 0; i < used; ++i)
    polls[i] = (struct pollfd) { clients[i].fd, clients[i].state == IN_SCAN ? 0 : POLLIN, 0 };
  return used;
}

void clients_serve(const struct pollfd *polls, size_t count)
{
  static long long checked;
  long long now = clock_ms();
  struct client *c;
  size_t i;

  for (i = 0; i < count; ++i) {
    c = clients + i;
    if (!polls[i].revents || polls[i].fd != c->fd || c->fd == -1) continue;
    if (c->state != IN_SCAN) hear(c);
    else if (polls[i].revents & (POLLHUP | POLLERR | POLLNVAL)) drop(c);
  }
  if (now < checked + 200) return;
  checked = now;
  for (c = clients; c < clients + used; ++c)
    if (c->fd != -1 && c->state == IN_FAREWELL && now > c->deadline) drop(c);
    else if (c->fd != -1 && c->state != IN_SCAN && now > c->deadline) refuse(c, "COMMAND READ TIMED OUT");
}

int clients_end(void)
{
  struct client *c;
  int busy = 0;

  for (c = clients; c < clients + CLIENTS; ++c) {
    if (c->fd == -1) continue;
    c->over = 1;
    if (c->state == IN_SCAN) busy = 1;
    else drop(c);
  }
  return busy;
}
