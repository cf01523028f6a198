#include "sasl.h"

#include <string.h>

#include "transfer.h"

#define MECHANISMS 32  /* of one server */
#define NAMEMAX 255    /* bytes of a user's name */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Not those that would speak of us (EXTERNAL: our own certificate) or of nobody
 * (ANONYMOUS), and not those bound to a TLS connection, of which there are two. */
static int passes(const char *word, size_t len)
{
  size_t i;

  if (!len || len > SASL_MECHANISM) return 0;
  for (i = 0; i < len; ++i)
    if (!memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", word[i], 64)) return 0;
  if (len > 5 && !case_diffb(word + len - 5, 5, "-PLUS")) return 0;
  return !(len == 8 && !case_diffb(word, 8, "EXTERNAL")) && !(len == 9 && !case_diffb(word, 9, "ANONYMOUS"));
}

static void upper(char *s, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (s[i] >= 'a' && s[i] <= 'z') s[i] = (char) (s[i] - 'a' + 'A');
}

/* Is the word one of a list with a blank before each? */
static int among(const char *list, size_t len, const char *word, size_t n)
{
  size_t at, i;

  for (at = 0; at < len; at = i) {
    for (i = ++at; i < len && list[i] != ' '; ++i) ;
    if (i - at == n && !case_diffb(list + at, n, word)) return 1;
  }
  return 0;
}

int sasl_list(const stralloc *offered, stralloc *to)
{
  size_t at, i, start = to->len;
  int count = 0;

  for (at = 0; at < offered->len && count < MECHANISMS; at = i) {
    for (i = ++at; i < offered->len && offered->s[i] != ' '; ++i) ;
    if (!passes(offered->s + at, i - at) || among(to->s + start, to->len - start, offered->s + at, i - at)) continue;
    if (!stralloc_cats(to, " ") || !stralloc_catb(to, offered->s + at, i - at)) return 0;
    upper(to->s + to->len - (i - at), i - at);
    ++count;
  }
  return count;
}

int sasl_choose(const stralloc *offered, const char *word, size_t n, char name[SASL_MECHANISM + 1])
{
  if (!passes(word, n) || !among(offered->s, offered->len, word, n)) return 0;
  memcpy(name, word, n);
  name[n] = 0;
  upper(name, n);
  return 1;
}

int sasl_is_base64(const char *text, size_t len)
{
  size_t i, end = len;

  if (len % 4) return 0;
  while (end && len - end < 2 && text[end - 1] == '=') --end;
  for (i = 0; i < end; ++i)
    if (!memchr(digits, text[i], 64)) return 0;
  return 1;
}

int sasl_encode(stralloc *to, const char *data, size_t len)
{
  unsigned long bits;
  char group[4];
  size_t i;

  for (i = 0; i < len; i += 3) {
    bits = (unsigned long) (unsigned char) data[i] << 16;
    if (i + 1 < len) bits |= (unsigned long) (unsigned char) data[i + 1] << 8;
    if (i + 2 < len) bits |= (unsigned char) data[i + 2];
    group[0] = digits[bits >> 18];
    group[1] = digits[bits >> 12 & 63];
    group[2] = i + 1 < len ? digits[bits >> 6 & 63] : '=';
    group[3] = i + 2 < len ? digits[bits & 63] : '=';
    if (!stralloc_catb(to, group, 4)) return 0;
  }
  return 1;
}

int sasl_decode(stralloc *to, const char *text, size_t len)
{
  struct transfer t = { .kind = TRANSFER_BASE64 };

  if (!stralloc_ready(to, len + 8)) return 0;
  to->len = transfer_decode(&t, text, len, to->s);
  return 1;
}

/* RFC 4616: the name is between two NULs. */
static const char *between(const stralloc *said, const char **to)
{
  const char *from = said->len ? memchr(said->s, 0, said->len) : 0;

  if (from) *to = memchr(from + 1, 0, (size_t) (said->s + said->len - from - 1));
  return from ? from + 1 : 0;
}

int sasl_user(const char *mechanism, const stralloc *before, const stralloc *last, stralloc *user)
{
  const char *from = 0, *to = 0;
  size_t i;

  if (!strcmp(mechanism, "PLAIN")) from = between(last, &to);
  else if (!strcmp(mechanism, "LOGIN")) {
    from = before->s;
    to = from + before->len;
  } else if (!strcmp(mechanism, "CRAM-MD5") && last->len) {  /* RFC 2195: before the last blank */
    from = last->s;
    to = memrchr(from, ' ', last->len);
  }
  user->len = 0;
  if (!from || !to || to == from)
    return stralloc_cats(user, "[") && stralloc_cats(user, mechanism) && stralloc_cats(user, "]") && stralloc_0(user);
  if (!stralloc_catb(user, from, to - from > NAMEMAX ? NAMEMAX : (size_t) (to - from)) || !stralloc_0(user)) return 0;
  for (i = 0; i < user->len - 1; ++i)
    if (user->s[i] < 32 || user->s[i] > 126) user->s[i] = '?';
  return 1;
}
