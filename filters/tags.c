#include "tags.h"

#include <string.h>

#include "owfat.h"

static int is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **text, size_t *len)
{
  while (*len && is_blank(**text)) ++*text, --*len;
  while (*len && is_blank((*text)[*len - 1])) --*len;
}

static int is_name(const char *name, size_t len)
{
  size_t i;
  char c;

  for (i = 0; i < len; ++i) {
    c = name[i];
    if (((c | 32) >= 'a' && (c | 32) <= 'z')) continue;
    if (!i || !(c == '_' || (c >= '0' && c <= '9'))) return 0;
  }
  return len > 0;
}

static int is_value(const char *value, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (!is_blank(value[i]) && ((unsigned char) value[i] < 32 || value[i] == 127)) return 0;
  return 1;
}

static int put(struct tags *tags, const char *text, size_t len)
{
  struct tag *t = tags->tag + tags->count;
  const char *equals = memchr(text, '=', len);
  size_t i;

  if (!equals || tags->count == TAGS_MAX) return 0;
  t->name = text;
  t->namelen = (size_t) (equals - text);
  trim(&t->name, &t->namelen);
  t->value = t->raw = equals + 1;
  t->len = t->rawlen = len - (size_t) (t->raw - text);
  trim(&t->value, &t->len);
  if (!is_name(t->name, t->namelen) || !is_value(t->value, t->len)) return 0;
  for (i = 0; i < tags->count; ++i) {
    const struct tag *other = tags->tag + i;

    if (other->namelen == t->namelen && !memcmp(other->name, t->name, t->namelen)) return 0;
  }
  ++tags->count;
  return 1;
}

int tags_read(struct tags *tags, const char *text, size_t len)
{
  const char *end = text + len, *semi, *rest;
  size_t n;
  int good = 1;

  tags->count = 0;
  for (; text < end; text = semi + 1) {
    semi = memchr(text, ';', (size_t) (end - text));
    if (!semi) semi = end;
    rest = text;
    n = (size_t) (semi - text);
    trim(&rest, &n);
    /* Nothing may stand behind the last ; only. */
    if (!n && semi == end) break;
    good &= put(tags, text, (size_t) (semi - text));
    if (semi == end) break;
  }
  return good;
}

const struct tag *tags_find(const struct tags *tags, const char *name)
{
  size_t i, len = strlen(name);

  for (i = 0; i < tags->count; ++i)
    if (tags->tag[i].namelen == len && !memcmp(tags->tag[i].name, name, len)) return tags->tag + i;
  return 0;
}

int tags_is(const struct tag *t, const char *value)
{
  return t && t->len == strlen(value) && !case_diffb(t->value, t->len, value);
}

int tags_item(const struct tag *t, const char **at, const char **item, size_t *len)
{
  const char *end = t->value + t->len, *colon;

  if (!*at) *at = t->value;
  if (*at > end || (*at == end && !t->len)) return 0;
  colon = memchr(*at, ':', (size_t) (end - *at));
  if (!colon) colon = end;
  *item = *at;
  *len = (size_t) (colon - *at);
  trim(item, len);
  *at = colon + 1;
  return 1;
}

int tags_lists(const struct tag *t, const char *word)
{
  const char *at = 0, *item;
  size_t len;

  while (tags_item(t, &at, &item, &len))
    if (len == strlen(word) && !case_diffb(item, len, word)) return 1;
  return 0;
}
