/* scan < MESSAGE: the least that looking into the attachments of a message costs:
 * read it, find its lines and those that begin with --, and decode the lines of
 * base64 by a table. It understands nothing. Prints lines and decoded bytes. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char message[1 << 20];
static unsigned char plain[1 << 10];
static signed char value[256];

/* Decode one line if it is base64. The bytes it gives, or 0. */
static size_t decode(const char *line, size_t len)
{
  const unsigned char *s = (const unsigned char *) line, *end = s + len;
  unsigned char *o = plain;
  int a, b, c, d;

  for (; s + 4 <= end; s += 4) {
    a = value[s[0]];
    b = value[s[1]];
    c = value[s[2]];
    d = value[s[3]];
    if ((a | b | c | d) < 0) break;
    *o++ = (unsigned char) (a << 2 | b >> 4);
    *o++ = (unsigned char) (b << 4 | c >> 2);
    *o++ = (unsigned char) (c << 6 | d);
  }
  return (size_t) (o - plain);
}

int main(void)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *line, *end, *nl;
  size_t size = 0, lines = 0, bytes = 0, len;
  ssize_t n;
  int i, body = 0;
  char text[64];

  memset(value, -1, sizeof value);
  for (i = 0; i < 64; ++i) value[(unsigned char) alphabet[i]] = (signed char) i;
  while (size < sizeof message && (n = read(0, message + size, sizeof message - size)) > 0) size += (size_t) n;
  for (line = message, end = line + size; line < end; line = nl + 1, ++lines) {
    nl = memchr(line, '\n', (size_t) (end - line));
    if (!nl) nl = end;
    len = (size_t) (nl - line);
    if (len && line[len - 1] == '\r') --len;
    if (len > 1 && line[0] == '-' && line[1] == '-') body = 0;
    else if (!len) body = 1;
    else if (body && len >= 60 && len < sizeof plain && !(len & 3)) bytes += decode(line, len);
  }
  n = snprintf(text, sizeof text, "%zu %zu\n", lines, bytes);
  return write(1, text, (size_t) n) != n;
}
