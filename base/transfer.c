#include "transfer.h"

#include <string.h>

#include "owfat.h"

/* The value of each character of base64, 64 for the padding, 65 for a blank
 * or line ending, 66 for anything else. */
enum { PAD = 64, BLANK = 65, JUNK = 66 };

static unsigned char values[256];

static void prepare(void)
{
  static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n\r\t ";
  size_t i;

  if (values[0]) return;
  memset(values, JUNK, sizeof values);
  for (i = 0; alphabet[i]; ++i)
    values[(unsigned char) alphabet[i]] = i < BLANK ? (unsigned char) i : BLANK;
}

enum transfer_kind transfer_kind(const char *text, size_t len)
{
  static const struct { const char *word; enum transfer_kind kind; } kinds[] = {
    { "7bit", TRANSFER_PLAIN }, { "8bit", TRANSFER_PLAIN }, { "binary", TRANSFER_PLAIN },
    { "quoted-printable", TRANSFER_QUOTED }, { "base64", TRANSFER_BASE64 },
    { "x-uuencode", TRANSFER_UU }, { "x-uue", TRANSFER_UU }, { "uuencode", TRANSFER_UU },
  };
  size_t i;

  for (i = 0; i < sizeof kinds / sizeof *kinds; ++i)
    if (len == strlen(kinds[i].word) && !case_diffb(text, len, kinds[i].word))
      return kinds[i].kind;
  return TRANSFER_UNKNOWN;
}

/* What the characters of an unfinished group stand for. */
static char *flush(struct transfer *t, char *out)
{
  if (t->count == 3) *out++ = (char) (t->bits >> 10);
  if (t->count == 3) *out++ = (char) (t->bits >> 2);
  if (t->count == 2) *out++ = (char) (t->bits >> 4);
  t->count = t->bits = 0;
  return out;
}

static size_t base64(struct transfer *t, const char *in, size_t len, char *out)
{
  const unsigned char *s = (const unsigned char *) in, *end = s + len;
  char *o = out;
  unsigned char value;

  prepare();
  if (!len) return (size_t) (flush(t, o) - out);
  for (; s < end; ++s) {
    value = values[*s];
    if (value < PAD) {
      t->bits = t->bits << 6 | value;
      if (++t->count < 4) continue;
      *o++ = (char) (t->bits >> 16);
      *o++ = (char) (t->bits >> 8);
      *o++ = (char) t->bits;
      t->count = t->bits = 0;
    } else if (value == PAD) o = flush(t, o);
    else if (value == JUNK) t->bad = 1;
  }
  return (size_t) (o - out);
}

size_t transfer_decode(struct transfer *t, const char *in, size_t len, char *out)
{
  if (t->kind == TRANSFER_BASE64) return base64(t, in, len, out);
  memcpy(out, in, len);
  return len;
}
