/* cm-proxy: hears from a proxy that control/proxy lists whose connection it brings,
 * puts that into the environment where the UCSPI server had put the proxy, and becomes
 * the program behind it. It reads not a byte more than the proxy's header, so what
 * follows may be TLS. From everybody else it takes nothing. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "log.h"
#include "networks.h"
#include "peer.h"
#include "proxy.h"

#define PATIENCE 10000  /* milliseconds for the header */

static char header[PROXY_V2 + PROXY_REST];
static size_t len;
static long long deadline;

/* No word to anybody but the log. */
static __attribute__((noreturn)) void leave(const char *why)
{
  log_event("proxy-failed", peer_fact("REMOTEIP"), why);
  _exit(111);
}

/* Have so many bytes of the header, and none behind them. */
static void read_to(size_t want)
{
  struct pollfd p = { 0, POLLIN, 0 };
  long long left;
  ssize_t r;

  while (len < want) {
    left = deadline - clock_ms();
    if (left <= 0) leave("no header of the PROXY protocol came in time");
    if (poll(&p, 1, (int) left) <= 0) continue;
    r = read(0, header + len, want - len);
    if (r == -1 && (errno == EINTR || errno == EAGAIN)) continue;
    if (r <= 0) leave("the connection was closed before the header of the PROXY protocol");
    len += (size_t) r;
  }
}

static void take(struct proxy *p)
{
  int rest;

  deadline = clock_ms() + PATIENCE;
  read_to(PROXY_FIRST);
  if (!memcmp(header, "PROXY ", 6)) {
    while (header[len - 1] != '\n' && len < PROXY_V1) read_to(len + 1);
    if (proxy_v1(header, len, p)) return;
  } else {
    read_to(PROXY_V2);
    rest = proxy_rest(header);
    if (rest >= 0) {
      read_to(PROXY_V2 + (size_t) rest);
      if (proxy_v2(header, len, p)) return;
    }
  }
  leave("what came is no header of the PROXY protocol");
}

static void set(const char *name, const char *value)
{
  if (value ? setenv(name, value, 1) : unsetenv(name)) leave(strerror(errno));
}

static void set_place(const char *name, const struct ip *ip, const char *port_name, unsigned int port)
{
  char text[IP_TEXT], number[FMT_ULONG];

  ip_format(ip, text);
  number[fmt_ulong(number, port)] = 0;
  set(name, text);
  set(port_name, number);
}

/* The names are those of the proxy, and so is what the server's rules allowed. */
static void introduce(const struct proxy *p)
{
  set("CM_PROXY", peer_fact("REMOTEIP"));
  set("TCPREMOTEIP", peer_fact("REMOTEIP"));
  set("PROTO", "TCP");
  set("TCPREMOTEHOST", 0);
  set("TCPREMOTEINFO", 0);
  set("RELAYCLIENT", 0);
  if (!p->known) return;
  set("TCPLOCALHOST", 0);
  set_place("TCPREMOTEIP", &p->from, "TCPREMOTEPORT", p->from_port);
  set_place("TCPLOCALIP", &p->to, "TCPLOCALPORT", p->to_port);
}

static int is_listed(void)
{
  static stralloc networks, trouble;
  const char *address = peer_fact("REMOTEIP");
  struct ip ip;

  if (networks_read("control/proxy", &networks, &trouble) == -1) leave(control_words(&trouble));
  return ip_scan(address, strlen(address), &ip) && networks_have(&networks, &ip);
}

int main(int argc, char **argv)
{
  struct proxy p;

  errmsg_iam("cm-proxy");
  if (argc < 2) die(100, "usage: cm-proxy PROGRAM [ARGUMENT...]");
  if (is_listed()) {
    take(&p);
    introduce(&p);
  } else set("CM_PROXY", 0);
  execvp(argv[1], argv + 1);
  diesys(111, "unable to start ", argv[1]);
}
