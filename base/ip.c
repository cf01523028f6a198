#include "ip.h"

#include <arpa/inet.h>
#include <string.h>

/* The registries of special addresses (RFC 6890), and multicast. What only
 * carries IPv4 addresses, 6to4 and NAT64, is public; and those for documentation
 * are left out: no mail comes from there but that of tests. */
static const char *const special[] = {
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
  "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
  "::/8", "100::/64", "2001:2::/48", "2001:10::/28", "fc00::/7", "fe80::/9", "ff00::/8"
};

int ip_scan(const char *text, size_t len, struct ip *ip)
{
  static const char mapped[12] = "\0\0\0\0\0\0\0\0\0\0\xff\xff";
  char copy[IP_TEXT];

  if (len >= sizeof copy || memchr(text, 0, len)) return 0;
  memcpy(copy, text, len);
  copy[len] = 0;
  ip->len = memchr(text, ':', len) ? 16 : 4;
  if (inet_pton(ip->len == 16 ? AF_INET6 : AF_INET, copy, ip->bytes) != 1) return 0;
  if (ip->len == 16 && !memcmp(ip->bytes, mapped, sizeof mapped)) {
    ip->len = 4;
    memmove(ip->bytes, ip->bytes + sizeof mapped, 4);
  }
  ip->bits = (unsigned int) ip->len * 8;
  return 1;
}

int ip_scan_network(const char *text, size_t len, struct ip *network)
{
  const char *slash = memchr(text, '/', len);
  size_t i, digits = slash ? len - (size_t) (slash + 1 - text) : 0;
  unsigned int bits = 0;

  if (!ip_scan(text, slash ? (size_t) (slash - text) : len, network)) return 0;
  if (!slash) return 1;
  if (!digits || digits > 3 || (digits > 1 && slash[1] == '0')) return 0;
  for (i = 1; i <= digits; ++i) {
    if (slash[i] < '0' || slash[i] > '9') return 0;
    bits = bits * 10 + (unsigned int) (slash[i] - '0');
  }
  if (bits > network->bits) return 0;
  network->bits = bits;
  return 1;
}

int ip_in(const struct ip *ip, const struct ip *network)
{
  size_t whole = network->bits / 8;
  unsigned int rest = network->bits % 8;

  if (ip->len != network->len || memcmp(ip->bytes, network->bytes, whole)) return 0;
  return !rest || !((ip->bytes[whole] ^ network->bytes[whole]) >> (8 - rest));
}

int ip_private(const struct ip *ip)
{
  struct ip network;
  size_t i;

  for (i = 0; i < sizeof special / sizeof *special; ++i)
    if (ip_scan_network(special[i], strlen(special[i]), &network) && ip_in(ip, &network)) return 1;
  return 0;
}

void ip_format(const struct ip *ip, char text[IP_TEXT])
{
  inet_ntop(ip->len == 16 ? AF_INET6 : AF_INET, ip->bytes, text, IP_TEXT);
}
