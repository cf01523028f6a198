/* cm-virusd: hold the virus signatures and look at messages, in clamd's protocol.
 * This process speaks with clients and touches neither signatures nor messages:
 * children of its own load the ones and read the others. It links libclamav, and
 * OpenSSL with that, and therefore not libowfat. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients.h"
#include "control.h"
#include "crew.h"
#include "dial.h"
#include "engine.h"

#define ADDRESSES 8
#define USAGE "usage: cm-virusd db=DIR... [NAME=VALUE...] ADDRESS..."

static struct crew_settings crew = {
  .holder = { .limits = { .file = 100ul << 20, .total = 400ul << 20, .files = 10000, .depth = 17, .seconds = 60 },
              .memory = 1ul << 30, .check = 60 },
  .scans = 1000,
  .directory = "tmp"
};
static struct clients_settings clients;

static const char *addresses[ADDRESSES];
static int listeners[ADDRESSES];
static size_t count;

/* Numbers that can be set, and what they may be. */
static const struct {
  const char *name;
  unsigned long *value, least, most;
} numbers[] = {
  { "check",    &crew.holder.check,            1, 86400 },
  { "depth",    &crew.holder.limits.depth,     1, 100 },
  { "files",    &crew.holder.limits.files,     1, 1000000 },
  { "memory",   &crew.holder.memory,           1ul << 20, 1ul << 40 },
  { "scanners", &crew.scanners,                1, CREW_SCANNERS },
  { "scans",    &crew.scans,                   1, 1000000 },
  { "size",     &crew.holder.limits.file,      1024, 2ul << 30 },
  { "time",     &crew.holder.limits.seconds,   1, 3600 },
  { "total",    &crew.holder.limits.total,     1024, 16ul << 30 },
};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static volatile sig_atomic_t ending, reloading;

static void on_signal(int number)
{
  if (number == SIGHUP) reloading = 1;
  else ending = 1;
}

static void quit(int code, const char *what, const char *which)
{
  dprintf(2, "cm-virusd: %s%s\n", what, which);
  exit(code);
}

/* NAME=VALUE; 0: the word is an address. */
static int read_setting(char *word)
{
  struct holder_settings *h = &crew.holder;
  char *value = strchr(word, '=');
  unsigned long number;
  size_t i, len = value ? (size_t) (value - word) : 0;

  if (!value || *word == '/') return 0;
  ++value;
  if (!strncmp(word, "db=", 3) && *value && h->count < CLAM_DATABASES) {
    h->databases[h->count++] = value;
    return 1;
  }
  if (!strncmp(word, "tmp=", 4) && *value) {
    crew.directory = value;
    return 1;
  }
  if (!strcmp(word, "encrypted=found") || !strcmp(word, "encrypted=passed")) {
    h->limits.encrypted = *value == 'f';
    return 1;
  }
  for (i = 0; i < NUMBERS; ++i) {
    if (strlen(numbers[i].name) != len || strncmp(numbers[i].name, word, len)) continue;
    if (!control_scan(value, strlen(value), &number) || number < numbers[i].least || number > numbers[i].most) break;
    *numbers[i].value = number;
    return 1;
  }
  quit(100, "unusable: ", word);
  return 0;
}

static void read_call(int argc, char **argv)
{
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  int i;

  crew.scanners = processors < 2 ? 2 : processors > CREW_SCANNERS ? CREW_SCANNERS : (unsigned long) processors;
  for (i = 1; i < argc; ++i) {
    if (read_setting(argv[i])) continue;
    if (count == ADDRESSES) quit(100, "too many addresses: ", argv[i]);
    addresses[count++] = argv[i];
  }
  if (!count || !crew.holder.count) quit(100, USAGE, "");
  clients.stream = crew.holder.limits.file;
  clients.seconds = crew.holder.limits.seconds;
  clients.directory = crew.directory;
}

/* Where no scanner could work: better said now than with each message. */
static void try_directory(void)
{
  int fd = open(crew.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd == -1 || faccessat(fd, ".", W_OK | X_OK, 0) == -1) {
    dprintf(2, "cm-virusd: unable to work in %s: %s\n", crew.directory, strerror(errno));
    exit(111);
  }
  close(fd);
}

static void catch_signals(sigset_t *open)
{
  struct sigaction a = { .sa_handler = on_signal };
  sigset_t ours;

  sigemptyset(&ours);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGHUP);
  sigprocmask(SIG_BLOCK, &ours, open);
  sigaction(SIGTERM, &a, 0);
  sigaction(SIGINT, &a, 0);
  sigaction(SIGHUP, &a, 0);
  signal(SIGPIPE, SIG_IGN);
}

static void greet(int listener)
{
  int fd;

  while (clients_room() && (fd = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK)) != -1) clients_add(fd);
}

/* Wait for something and serve it. */
static void turn(const sigset_t *open, int all)
{
  static struct pollfd polls[ADDRESSES + CREW_POLLS + CLIENTS];
  static const struct timespec tick = { 0, 250000000 };
  size_t listening = 0, crews, asking, i;

  for (i = 0; all && i < count && clients_room(); ++i)
    polls[listening++] = (struct pollfd) { listeners[i], POLLIN, 0 };
  crews = crew_watch(polls + listening);
  asking = clients_watch(polls + listening + crews);
  if (ppoll(polls, listening + crews + asking, &tick, open) == -1) {
    if (errno == EINTR) return;
    quit(111, "unable to wait: ", strerror(errno));
  }
  crew_serve(polls + listening, crews);
  clients_serve(polls + listening + crews, asking);
  for (i = 0; i < listening; ++i)
    if (polls[i].revents) greet(listeners[i]);
}

static void listen_to_all(void)
{
  size_t i;

  for (i = 0; i < count; ++i)
    if ((listeners[i] = dial_listen(addresses[i])) == -1) {
      dprintf(2, "cm-virusd: unable to listen at %s: %s\n", addresses[i], strerror(errno));
      crew_end();
      exit(111);
    }
}

static void stop_listening(void)
{
  size_t i;

  for (i = 0; i < count; ++i) {
    if (*addresses[i] == '/') unlink(addresses[i]);
    close(listeners[i]);
  }
}

int main(int argc, char **argv)
{
  sigset_t open;

  read_call(argc, argv);
  try_directory();
  catch_signals(&open);
  clients_begin(&clients);
  if (crew_begin(&crew) == -1) quit(111, "unable to fork: ", strerror(errno));
  while (!engine_ready() && !ending) turn(&open, 0);
  if (engine_ready() != 1) {
    crew_end();
    return ending ? 0 : 111;
  }
  listen_to_all();

  while (!ending) {
    if (reloading) engine_reload();
    reloading = 0;
    turn(&open, 1);
  }
  stop_listening();
  while (clients_end()) turn(&open, 0);
  crew_end();
  return 0;
}
