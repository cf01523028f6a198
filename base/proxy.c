#include "proxy.h"

#include <string.h>

static const char signature[PROXY_FIRST] = "\r\n\r\n\0\r\nQUIT\n";

/* Version 1 ----------------------------------------------------------------- */

/* The next word, behind one blank. Its length, or 0. */
static size_t word(const char **at, const char *end)
{
  size_t n = 0;

  if (*at == end || **at != ' ') return 0;
  ++*at;
  while (*at + n < end && (*at)[n] != ' ') ++n;
  return n;
}

static int address(const char **at, const char *end, int six, struct ip *ip)
{
  size_t n = word(at, end);

  if (!n || !ip_scan(*at, n, ip) || (memchr(*at, ':', n) != 0) != six) return 0;
  *at += n;
  return 1;
}

static int port(const char **at, const char *end, unsigned int *number)
{
  size_t i, n = word(at, end);

  if (!n || n > 5 || (n > 1 && **at == '0')) return 0;
  for (*number = 0, i = 0; i < n; ++i, ++*at) {
    if (**at < '0' || **at > '9') return 0;
    *number = *number * 10 + (unsigned int) (**at - '0');
  }
  return *number < 65536;
}

int proxy_v1(const char *line, size_t len, struct proxy *p)
{
  const char *at = line + 5, *end = line + len - 2;
  size_t n;
  int six;

  p->known = 0;
  if (len < 8 || len > PROXY_V1 || memcmp(line, "PROXY", 5) || memcmp(end, "\r\n", 2) ||
      memchr(line, 0, len) || memchr(line, '\r', len - 2) || memchr(line, '\n', len - 2)) return 0;
  n = word(&at, end);
  if (n == 7 && !memcmp(at, "UNKNOWN", 7)) return 1;  /* what stands behind it is not for us */
  if (n != 4 || memcmp(at, "TCP", 3) || (at[3] != '4' && at[3] != '6')) return 0;
  six = at[3] == '6';
  at += 4;
  p->known = address(&at, end, six, &p->from) && address(&at, end, six, &p->to) &&
             port(&at, end, &p->from_port) && port(&at, end, &p->to_port) && at == end;
  return p->known;
}

/* Version 2 ----------------------------------------------------------------- */

enum { LOCAL = 0x20, PROXIED = 0x21, TCP4 = 0x11, TCP6 = 0x21 };

static unsigned int number(const char *at)
{
  return (unsigned int) (unsigned char) at[0] << 8 | (unsigned char) at[1];
}

int proxy_rest(const char *header)
{
  unsigned int len = number(header + 14);

  return memcmp(header, signature, sizeof signature) || len > PROXY_REST ? -1 : (int) len;
}

/* An IPv4 address that hides in one of IPv6 comes out as such. */
static void take(struct ip *ip, const char *bytes, size_t len)
{
  static const char mapped[12] = "\0\0\0\0\0\0\0\0\0\0\xff\xff";

  if (len == 16 && !memcmp(bytes, mapped, sizeof mapped)) {
    bytes += sizeof mapped;
    len = 4;
  }
  ip->len = len;
  ip->bits = (unsigned int) len * 8;
  memcpy(ip->bytes, bytes, len);
}

int proxy_v2(const char *header, size_t len, struct proxy *p)
{
  size_t n = header[13] == TCP4 ? 4 : 16;
  const char *at = header + PROXY_V2;
  int rest = proxy_rest(header);

  p->known = 0;
  if (rest < 0 || len != PROXY_V2 + (size_t) rest) return 0;
  if (header[12] == LOCAL) return 1;
  if (header[12] != PROXIED) return 0;
  if (header[13] != TCP4 && header[13] != TCP6) return 1;
  if ((size_t) rest < 2 * n + 4) return 0;
  take(&p->from, at, n);
  take(&p->to, at + n, n);
  p->from_port = number(at + 2 * n);
  p->to_port = number(at + 2 * n + 2);
  return p->known = 1;
}

/* Six: as one of IPv6, whatever it is. */
static char *put(char *at, const struct ip *ip, int six)
{
  if (six && ip->len == 4) {
    memset(at, 0, 10);
    memset(at + 10, 0xff, 2);
    at += 12;
  }
  memcpy(at, ip->bytes, ip->len);
  return at + ip->len;
}

static char *put_number(char *at, unsigned int n)
{
  *at++ = (char) (n >> 8 & 255);
  *at++ = (char) (n & 255);
  return at;
}

size_t proxy_make(const struct proxy *p, char header[PROXY_MADE])
{
  int six = p->known && (p->from.len == 16 || p->to.len == 16);
  char *at = header + PROXY_V2;

  memcpy(header, signature, sizeof signature);
  header[12] = p->known ? PROXIED : LOCAL;
  header[13] = 0;
  if (p->known) {
    header[13] = six ? TCP6 : TCP4;
    at = put_number(put_number(put(put(at, &p->from, six), &p->to, six), p->from_port), p->to_port);
  }
  put_number(header + 14, (unsigned int) (at - header - PROXY_V2));
  return (size_t) (at - header);
}
