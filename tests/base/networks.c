/* Lists of networks in control files. */
#include "networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static stralloc list, trouble;

static int reads(const char *text)
{
  FILE *f = fopen("control/some", "w");

  if (!f || fputs(text, f) < 0 || fclose(f)) abort();
  return networks_read("control/some", &list, &trouble);
}

static int have(const char *address)
{
  struct ip ip;

  return ip_scan(address, strlen(address), &ip) && networks_have(&list, &ip);
}

int main(void)
{
  char home[] = "/tmp/cm-test.XXXXXX";

  if (!mkdtemp(home) || chdir(home) || mkdir("control", 0700) || setenv("CM_HOME", home, 1)) return 111;
  ok(networks_read("control/none", &list, &trouble) == 0 && !have("127.0.0.1"), "without the file there is no network");
  ok(reads("") == 1 && !have("127.0.0.1"), "and none in an empty one");
  ok(reads("# ours\n192.0.2.0/24\n2001:db8::/32  \n\n198.51.100.7\n") == 1, "networks of both kinds, and an address");
  ok(have("192.0.2.255") && have("2001:db8:1::1") && have("198.51.100.7") && have("::ffff:192.0.2.1"), "what is in them");
  ok(!have("192.0.3.0") && !have("2001:db9::") && !have("198.51.100.8"), "and what is not");
  ok(reads("192.0.2.0/24\n\n192.0.2.0/33\n") == -1 && strstr(trouble.s, "control/some, line 3: ") &&
     strstr(trouble.s, ": 192.0.2.0/33"), "a line that is none is an error, with its number");
  ok(reads("mx.example.org\n") == -1, "and so is a name");
  unlink("control/some");
  rmdir("control");
  if (chdir("/") || rmdir(home)) return 111;
  return done_testing();
}
