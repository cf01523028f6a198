#include "samples.h"

#include <string.h>

#include "hex.h"

static size_t length(const stralloc *data, size_t at)
{
  const char *nl = memchr(data->s + at, '\n', data->len - at);

  return nl ? (size_t) (nl - data->s) - at : data->len - at;
}

static int begins(const stralloc *data, size_t at)
{
  return data->len - at > 3 && !memcmp(data->s + at, "== ", 3);
}

/* The next word of what is left of a line. */
static int word(const char **from, size_t *len, stralloc *to)
{
  size_t n = 0;

  while (n < *len && (*from)[n] != ' ') ++n;
  if (!n || !stralloc_copyb(to, *from, n) || !stralloc_0(to)) return 0;
  n += n < *len;
  *from += n;
  *len -= n;
  return 1;
}

static int line(const char *from, size_t len, stralloc *to)
{
  size_t i;
  char byte;

  for (i = 0; i < len; ++i) {
    byte = from[i];
    if (len - i > 3 && byte == '\\' && from[i + 1] == 'x' && hex_byte(from + i + 2) != -1) {
      byte = (char) hex_byte(from + i + 2);
      i += 3;
    }
    if (!stralloc_append(to, &byte)) return 0;
  }
  return stralloc_cats(to, "\r\n");
}

int samples_next(const stralloc *data, size_t *at, struct sample *s)
{
  const char *rest;
  size_t len;

  while (*at < data->len && !begins(data, *at)) *at += length(data, *at) + 1;
  if (*at >= data->len) return 0;
  len = length(data, *at) - 3;
  rest = data->s + *at + 3;
  *at += len + 4;
  if (!word(&rest, &len, &s->kind) || !word(&rest, &len, &s->word) || !word(&rest, &len, &s->name)) return -1;
  s->text.len = 0;
  for (; *at < data->len && !begins(data, *at); *at += len + 1) {
    len = length(data, *at);
    if (!line(data->s + *at, len, &s->text)) return -1;
  }
  return 1;
}
