/* Addresses, networks, and which of them are nobody's. */
#include "ip.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static int scans(const char *text) { struct ip ip; return ip_scan(text, strlen(text), &ip); }
static int network(const char *text) { struct ip ip; return ip_scan_network(text, strlen(text), &ip); }

static int in(const char *address, const char *net)
{
  struct ip a, n;

  return ip_scan(address, strlen(address), &a) && ip_scan_network(net, strlen(net), &n) &&
         ip_in(&a, &n);
}

static int private(const char *text)
{
  struct ip ip;

  return ip_scan(text, strlen(text), &ip) ? ip_private(&ip) : -1;
}

static int shows(const char *text, const char *as)
{
  struct ip ip;
  char out[IP_TEXT];

  if (!ip_scan(text, strlen(text), &ip)) return 0;
  ip_format(&ip, out);
  return !strcmp(out, as);
}

int main(void)
{
  static const char *const yes[] = {
    "10.1.2.3", "127.0.0.1", "192.168.0.1", "172.31.255.255", "169.254.1.1", "100.127.0.1",
    "0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fec0::1",
    "fd00::1", "ff02::1", "::ffff:10.0.0.1"
  }, *const no[] = {
    "9.255.255.255", "11.0.0.0", "172.32.0.0", "100.128.0.0", "223.255.255.255", "8.8.8.8", "192.0.2.1", "2001:db8::1",
    "2001:4860:4860::8888", "2a00::1", "::ffff:8.8.8.8"
  };
  struct ip ip;
  size_t i;
  int good = 1;

  ok(scans("1.2.3.4") && scans("::1") && scans("2001:DB8::a"), "addresses are read");
  ok(!scans("") && !scans("1.2.3") && !scans("1.2.3.256") && !scans("1.2.3.4 ") && !scans("01.2.3.4") &&
     !scans("12345::1") && !scans(":::") && !scans("1.2.3.4.5") && !scans("localhost") &&
     !scans("1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:1:2:3:4:5:6:7:8:9"), "and nothing else");
  ok(ip_scan("1.2.3.45", 7, &ip) && ip.bytes[3] == 4 && !ip_scan("1.2.3.4\0", 8, &ip),
     "as many bytes as were given");
  ok(ip_scan("::ffff:1.2.3.4", 14, &ip) && ip.len == 4 && ip.bits == 32 && ip.bytes[0] == 1 &&
     ip.bytes[3] == 4, "a mapped address is one of IPv4");
  ok(network("1.2.3.4") && network("1.2.3.4/0") && network("1.2.3.0/24") && network("::/128"),
     "networks are read");
  ok(!network("1.2.3.4/") && !network("1.2.3.4/33") && !network("::/129") && !network("1.2.3.4/024") &&
     !network("1.2.3.4/2 ") && !network("1.2.3.4/-1") && !network("/24") && !network("1.2.3.4/4294967297"),
     "and nothing else");
  ok(in("1.2.3.4", "1.2.3.4") && !in("1.2.3.5", "1.2.3.4") && in("1.2.3.5", "1.2.3.4/31") &&
     !in("1.2.3.6", "1.2.3.4/31") && in("200.1.1.1", "0.0.0.0/0") && in("1.127.0.0", "1.0.0.0/9") &&
     !in("1.128.0.0", "1.0.0.0/9"), "what is in a network");
  ok(in("2001:db8:7fff::", "2001:db8::/33") && !in("2001:db8:8000::", "2001:db8::/33") &&
     !in("1.2.3.4", "::/0") && !in("::1", "0.0.0.0/0"), "also of IPv6, and not of the other kind");
  for (i = 0; i < sizeof yes / sizeof *yes; ++i) good &= private(yes[i]) == 1;
  ok(good, "private and reserved addresses are known");
  for (good = 1, i = 0; i < sizeof no / sizeof *no; ++i) good &= private(no[i]) == 0;
  ok(good, "and public ones");
  ok(shows("2001:DB8:0::1", "2001:db8::1") && shows("1.2.3.4", "1.2.3.4") &&
     shows("::ffff:1.2.3.4", "1.2.3.4"), "as text");
  return done_testing();
}
