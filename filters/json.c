#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "hex.h"

static struct json *values;
static size_t count, room;
static char *at, *end;

static void blanks(void)
{
  while (at < end && memchr(" \t\r\n", *at, 4)) ++at;
}

static int is(char c)
{
  blanks();
  return at < end && *at == c && ++at;
}

/* Four hexadecimal digits, or -1. */
static int four(void)
{
  int high, low;

  if (end - at < 4) return -1;
  high = hex_byte(at);
  low = hex_byte(at + 2);
  at += 4;
  return high == -1 || low == -1 ? -1 : high << 8 | low;
}

/* Behind \u: a character in UTF-8. What is written is never longer than what was read. */
static char *character(char *to)
{
  int c = four(), second;

  if (c >= 0xd800 && c < 0xdc00) {
    if (end - at < 2 || *at++ != '\\' || *at++ != 'u') return 0;
    second = four();
    if (second < 0xdc00 || second > 0xdfff) return 0;
    c = 0x10000 + ((c - 0xd800) << 10) + (second - 0xdc00);
  }
  if (c <= 0 || (c >= 0xd800 && c < 0xe000)) return 0;
  if (c < 0x80) *to++ = (char) c;
  else {
    if (c < 0x800) *to++ = (char) (0xc0 | c >> 6);
    else {
      if (c < 0x10000) *to++ = (char) (0xe0 | c >> 12);
      else {
        *to++ = (char) (0xf0 | c >> 18);
        *to++ = (char) (0x80 | (c >> 12 & 63));
      }
      *to++ = (char) (0x80 | (c >> 6 & 63));
    }
    *to++ = (char) (0x80 | (c & 63));
  }
  return to;
}

/* Behind the quote, up to and with the one that closes. */
static int string(const char **text, size_t *len)
{
  static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
  char *to = at;
  const char *known;

  *text = at;
  while (at < end && *at != '"') {
    if ((unsigned char) *at < 32) return 0;
    if (*at != '\\') *to++ = *at++;
    else if (++at == end) return 0;
    else if (*at == 'u') {
      ++at;
      if (!(to = character(to))) return 0;
    } else {
      if (!*at || !(known = strchr(from, *at))) return 0;
      *to++ = into[known - from];
      ++at;
    }
  }
  *len = (size_t) (to - *text);
  return at++ < end;
}

static int digits(void)
{
  char *from = at;

  while (at < end && *at >= '0' && *at <= '9') ++at;
  return at > from;
}

static int number(struct json *v)
{
  v->kind = JSON_NUMBER;
  v->text = at;
  if (*at == '-') ++at;
  if (at < end && *at == '0') ++at;
  else if (!digits()) return 0;
  if (at < end && *at == '.' && (++at, !digits())) return 0;
  if (at < end && (*at | 32) == 'e') {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return 0;
  }
  v->len = (size_t) (at - v->text);
  return 1;
}

static int word(struct json *v)
{
  static const struct { const char *word; size_t len; enum json_kind kind; } words[] = {
    { "null", 4, JSON_NULL }, { "false", 5, JSON_FALSE }, { "true", 4, JSON_TRUE }
  };
  size_t i;

  for (i = 0; i < 3; ++i)
    if ((size_t) (end - at) >= words[i].len && !memcmp(at, words[i].word, words[i].len)) {
      v->kind = words[i].kind;
      at += words[i].len;
      return 1;
    }
  return 0;
}

static int value(const char *key, size_t keylen, unsigned int depth);

/* Behind the bracket, up to and with the one that closes. */
static int many(int object, unsigned int depth)
{
  const char *key = 0;
  size_t len = 0;

  if (is(object ? '}' : ']')) return 1;
  do {
    if (object && (!is('"') || !string(&key, &len) || !is(':'))) return 0;
    if (!value(key, len, depth + 1)) return 0;
  } while (is(','));
  return is(object ? '}' : ']');
}

static struct json *add(void)
{
  struct json *more;

  if (count == room) {
    room = room ? 2 * room : 256;
    more = room > 2 * JSON_NODES ? 0 : realloc(values, room * sizeof *values);
    if (!more) return 0;
    values = more;
  }
  return memset(values + count++, 0, sizeof *values);
}

static int value(const char *key, size_t keylen, unsigned int depth)
{
  struct json *v = count < JSON_NODES && depth < JSON_DEPTH ? add() : 0;
  size_t number_of = count - 1;
  int good;

  blanks();
  if (!v || at == end) return 0;
  v->key = key;
  v->keylen = keylen;
  if (is('{') || is('[')) {
    v->kind = at[-1] == '{' ? JSON_OBJECT : JSON_ARRAY;
    good = many(v->kind == JSON_OBJECT, depth);
  } else if (is('"')) {
    v->kind = JSON_STRING;
    good = string(&v->text, &v->len);
  } else good = *at == '-' || (*at >= '0' && *at <= '9') ? number(v) : word(v);
  values[number_of].end = count;
  return good;
}

const struct json *json_read(char *text, size_t len)
{
  at = text;
  end = text + len;
  count = 0;
  if (!value(0, 0, 0)) return 0;
  blanks();
  return at == end ? values : 0;
}

const struct json *json_member(const struct json *all, const struct json *object, const char *key,
                               enum json_kind kind)
{
  const struct json *found = 0, *v;

  if (!object || object->kind != JSON_OBJECT) return 0;
  for (v = object + 1; v < all + object->end; v = all + v->end) {
    if (v->keylen != strlen(key) || memcmp(v->key, key, v->keylen)) continue;
    if (found) return 0;
    found = v;
  }
  return found && found->kind == kind ? found : 0;
}
