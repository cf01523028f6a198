#include "environ.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "copy.h"

static void put(const char *name, int number)
{
  char text[12];

  snprintf(text, sizeof text, "%d", number);
  setenv(name, text, 1);
}

void environ_offer(int control, int data)
{
  put("SSLCTLFD", control);
  put("SSLREADFD", data);
  put("SSLWRITEFD", data);
  setenv("UCSPITLS", "", 0);
}

void environ_end(int end)
{
  put("CM_TLSEND", end);
}

static size_t add(char *text, size_t at, const char *name, const char *value)
{
  int n = *value ? snprintf(text + at, ENVIRON_MAX - 1 - at, "%s=%s", name, value) : -1;

  return n > 0 && (size_t) n < ENVIRON_MAX - 1 - at ? at + (size_t) n + 1 : at;
}

size_t environ_write(char text[ENVIRON_MAX], const struct tls_facts *facts)
{
  char bits[12];
  size_t len;

  snprintf(bits, sizeof bits, "%d", facts->bits);
  len = add(text, 0, "SSL_PROTOCOL", facts->protocol);
  len = add(text, len, "SSL_CIPHER", facts->cipher);
  len = add(text, len, "SSL_CIPHER_USEKEYSIZE", bits);
  len = add(text, len, "SSL_TLS_SNI", facts->name);
  text[len++] = 0;
  return len;
}

/* Who sends this has spoken with strangers, and we may be root: nothing but
 * variables that mean nothing to a loader or a shell. */
static int accept_one(char *text)
{
  char *value = strchr(text, '='), *c;

  if (!value || strncmp(text, "SSL_", 4)) return 0;
  *value++ = 0;
  for (c = text; *c; ++c)
    if (!(*c >= 'A' && *c <= 'Z') && *c != '_') return 0;
  for (c = value; *c; ++c)
    if (*c < ' ' || *c > '~') return 0;
  return setenv(text, value, 1) == 0;
}

static int is_whole(const char *text, size_t len)
{
  return len >= 2 && !text[len - 1] && !text[len - 2];
}

int environ_ask(int control, unsigned long seconds)
{
  struct timeval limit = { (time_t) seconds, 0 };
  char text[ENVIRON_MAX], *next;
  size_t len = 0;
  ssize_t r;

  setsockopt(control, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (copy_write(control, "Y", 1) == -1) return 0;
  while (!is_whole(text, len)) {
    r = len < sizeof text ? read(control, text + len, sizeof text - len) : 0;
    if (r == -1 && errno == EINTR) continue;
    if (r <= 0) return 0;
    len += (size_t) r;
  }
  for (next = text; *next; next += len + 1) {
    len = strlen(next);
    if (!accept_one(next)) return 0;
  }
  return 1;
}
