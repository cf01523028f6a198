/* cm-tlsd: speaks TLS, on one connection; the only program that links OpenSSL. It
 * is started by cm-tls for a client, or forked by one that has all ready; and for a
 * server it is started by whoever wants to be its client. It has nothing else: not
 * the files of keys, not the account of the program that it serves, no system call
 * but on what is open. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "confine.h"
#include "ready.h"
#include "speak.h"
#include "speaker.h"
#include "stop.h"
#include "tls.h"

#define PINS 8

static struct speaking set = {
  .in = 0, .out = 1, .data = SPEAKER_DATA, .control = SPEAKER_CONTROL, .end = SPEAKER_END, .keys = SPEAKER_KEYS,
  .directory = "-", .handshake = 30, .idle = 1800, .most = 1000, .id = "-"
};
static enum { NEITHER, SERVER, CLIENT, ANY } side;
static int network = -1;            /* the server; -1: 6 and 7 */
static struct tls_peer peer = { .level = TLS_VERIFY };
static const char *pins[PINS];

static __attribute__((noreturn)) void usage(void)
{
  stop(WRONG, "usage: cm-tls -c [-l may|must|verify] [-a TRUSTED] [-p sha256:HEX]... [-n FD] "
       "[-w SECONDS] [-i SECONDS] HOST", "");
}

static unsigned long number(const char *text, unsigned long least, unsigned long most)
{
  unsigned long n;
  char *end;

  if (*text < '0' || *text > '9') usage();
  n = strtoul(text, &end, 10);
  if (*end || n < least || n > most) usage();
  return n;
}

static void level(const char *word)
{
  if (!strcmp(word, "may") || !strcmp(word, "must")) peer.level = TLS_ANY;
  else if (strcmp(word, "verify")) usage();
}

static void pin(const char *text)
{
  if (strncmp(text, "sha256:", 7) || strlen(text + 7) != TLS_FINGERPRINT || peer.pin_count == PINS) usage();
  pins[peer.pin_count++] = text + 7;
}

static void options(int argc, char **argv)
{
  int o;

  opterr = 0;
  while ((o = getopt(argc, argv, side == CLIENT ? "+cw:i:l:a:p:n:" : side == ANY ? "+rw:i:d:m:" : "+sw:i:d:y")) != -1)
    switch (o) {
      case 'c': case 's': case 'r': break;
      case 'd': set.directory = optarg; break;
      case 'm': set.most = number(optarg, 1, SPEAKER_MOST); break;
      case 'y': set.silent = 1; break;
      case 'w': set.handshake = number(optarg, 1, 3600); break;
      case 'i': set.idle = number(optarg, 1, 86400); break;
      case 'l': level(optarg); break;
      case 'a': peer.trusted = optarg; break;
      case 'p': pin(optarg); break;
      case 'n': network = (int) number(optarg, 2, 65535); break;
      default: usage();
    }
  if (argc - optind != (side == CLIENT)) usage();
}

/* The client's side --------------------------------------------------------- */

static __attribute__((noreturn)) void fail(const char *why)
{
  dprintf(1, "fail %s\n", why);
  _exit(TROUBLE);
}

static void succeed(void)
{
  static const char *const levels[] = { "any", "verified", "pinned" };
  const struct tls_facts *f = tls_facts();

  if (dprintf(1, "ok %s %s %s sha256:%s %s\n", f->protocol, f->cipher, levels[peer.level], f->fingerprint,
              *f->peer ? f->peer : "-") < 0) _exit(TROUBLE);
}

/* The server has nothing to say before it is asked. */
static int waiting(int fd)
{
  char c;

  return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void ask(const char *host)
{
  struct pump_end far = { .in = network == -1 ? 6 : network, .out = network == -1 ? 7 : network };
  long long deadline = clock_ms() + (long long) set.handshake * 1000;
  struct pump_end near;

  signal(SIGPIPE, SIG_IGN);
  peer.host = host;
  peer.pins = pins;
  if (peer.pin_count) peer.level = TLS_PINNED;
  if (waiting(far.in)) fail("the server spoke in plain behind STARTTLS");
  if (!tls_ask(&far, &peer) || !tls_handshake(&far, deadline)) fail(tls_reason());
  if (confine_to_open(SPEAK_MEMORY) == -1) fail("unable to confine myself");
  succeed();
  if (pump_plain(&near, 0, 1) == -1) _exit(TROUBLE);
  _exit(pump(&far, &near, set.idle) == PUMP_DONE ? DONE : CUT);
}

int main(int argc, char **argv)
{
  const char *name = getenv("CM_ID");

  if (!name) name = getenv("TCPREMOTEIP");
  if (name && *name) set.id = name;
  if (argc > 1 && !strcmp(argv[1], "-c")) side = CLIENT;
  if (argc > 1 && !strcmp(argv[1], "-s")) side = SERVER;
  if (argc > 1 && !strcmp(argv[1], "-r")) side = ANY;
  if (side == NEITHER) usage();
  options(argc, argv);
  if (side == CLIENT) ask(argv[optind]);
  signal(SIGPIPE, SIG_IGN);
  if (side == ANY) ready(&set);
  speak(&set);
}
