#include "peer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "owfat.h"

const char *peer_fact(const char *name)
{
  static const char *protocol;
  const char *found = 0;
  char variable[64];
  size_t n;

  if (!protocol) protocol = getenv("PROTO");
  if (!protocol || strlen(protocol) > 16) protocol = "TCP";
  n = str_copy(variable, protocol);
  if (strlen(name) < sizeof variable - n) {
    variable[n + str_copy(variable + n, name)] = 0;
    found = getenv(variable);
  }
  if (!found && !strcmp(name, "REMOTEIP")) found = getenv("REMOTE_ADDR");
  return found ? found : "";
}

const char *peer_port(void)
{
  static char name[NAME_MAX + 1];
  char path[PATH_MAX];
  char *slash;

  if (!*name && getcwd(path, sizeof path)) {
    slash = strrchr(path, '/');
    /* ports/joe/account is where cm-config puts the mailbox joe. */
    if (slash && slash != path && !strcmp(slash, "/account")) {
      *slash = 0;
      slash = strrchr(path, '/');
    }
    if (slash && strlen(slash) <= sizeof name) memcpy(name, slash + 1, strlen(slash));
  }
  return name;
}
