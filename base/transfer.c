#include "transfer.h"

#include <stdint.h>
#include <string.h>

#include "hex.h"
#include "owfat.h"

/* The value of each character of base64, 64 for the padding, 65 for a blank
 * or line ending, 66 for anything else. */
enum { PAD = 64, BLANK = 65, JUNK = 66 };

static const unsigned char values[256] = {
  66, 66, 66, 66, 66, 66, 66, 66, 66, 65, 65, 66, 66, 65, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
  65, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 62, 66, 66, 66, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 66, 66, 66, 64, 66, 66,
  66, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 66, 66, 66, 66, 66,
  66, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 66, 66, 66, 66, 66,
  66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
  66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
  66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
  66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
};

/* What a character gives to the three bytes of its group, by its place in it,
 * with a fourth byte that is not 0 for what is no character of base64. The four
 * of a group or-ed together are its bytes, in the order of memory. Made when so
 * much is to be decoded that it pays. */
static uint32_t places[4][256];
static uint32_t wrong;
enum { MUCH = 4096 };

static void prepare(void)
{
  unsigned char four[4] = { 0, 0, 0, 1 };
  size_t i, place;
  uint32_t group;

  memcpy(&wrong, four, 4);
  for (place = 0; place < 4; ++place)
    for (i = 0; i < 256; ++i) {
      group = (uint32_t) values[i] << (18 - 6 * place);
      four[0] = (unsigned char) (group >> 16);
      four[1] = (unsigned char) (group >> 8);
      four[2] = (unsigned char) group;
      four[3] = values[i] >= PAD;
      memcpy(&places[place][i], four, 4);
    }
}

int transfer_clean(const char *in, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (values[(unsigned char) in[i]] == JUNK) return 0;
  return 1;
}

enum transfer_kind transfer_kind(const char *text, size_t len)
{
  static const struct { const char *word; enum transfer_kind kind; } kinds[] = {
    { "7bit", TRANSFER_PLAIN }, { "8bit", TRANSFER_PLAIN }, { "binary", TRANSFER_PLAIN },
    { "quoted-printable", TRANSFER_QUOTED }, { "base64", TRANSFER_BASE64 },
    { "x-uuencode", TRANSFER_UU }, { "x-uue", TRANSFER_UU }, { "uuencode", TRANSFER_UU },
    { "uue", TRANSFER_UU }, { "yenc", TRANSFER_YENC }, { "x-yenc", TRANSFER_YENC },
    { "x-yencode", TRANSFER_YENC },
    { "mac-binhex40", TRANSFER_BINHEX }, { "mac-binhex", TRANSFER_BINHEX }, { "x-binhex", TRANSFER_BINHEX },
    { "binhex", TRANSFER_BINHEX }, { "binhex40", TRANSFER_BINHEX }, { "x-binhex40", TRANSFER_BINHEX },
  };
  size_t i;

  for (i = 0; i < sizeof kinds / sizeof *kinds; ++i)
    if (len == strlen(kinds[i].word) && !case_diffb(text, len, kinds[i].word))
      return kinds[i].kind;
  return TRANSFER_UNKNOWN;
}

int transfer_styles(enum transfer_kind kind)
{
  return kind == TRANSFER_BASE64 ? TRANSFER_STYLES : kind == TRANSFER_QUOTED ? TRANSFER_GROUPS + 1 : 1;
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

/* A digit of base64. */
static char *digit(struct transfer *t, unsigned int value, char *o)
{
  t->bits = t->bits << 6 | value;
  if (++t->count < 4) return o;
  *o++ = (char) (t->bits >> 16);
  if (t->style != TRANSFER_SHORT || t->left < 2) *o++ = (char) (t->bits >> 8);
  if (t->style != TRANSFER_SHORT || !t->left) *o++ = (char) t->bits;
  t->count = t->bits = 0;
  if (t->style == TRANSFER_SHORT) t->left = 0;
  return o;
}

static char *padding(struct transfer *t, char *o)
{
  t->over = 1;
  switch (t->style) {
    case TRANSFER_SKIP: return o;
    case TRANSFER_SHORT:
      ++t->left;
      __attribute__((fallthrough));
    case TRANSFER_ZERO: return digit(t, 0, o);
    case TRANSFER_GROUPS:
      ++t->left;
      break;
    default: return flush(t, o);
  }
  return o;
}

/* What is neither digit nor padding. */
static char *other(struct transfer *t, unsigned char c, char *o)
{
  int newline = c == '\n' || c == '\r';

  if (values[c] == JUNK) {
    t->bad = t->odd = 1;
    if (t->style == TRANSFER_REST) t->left = 1;
    if (t->style == TRANSFER_STOP) t->over = 1;
  } else if (newline && t->style == TRANSFER_REST) t->left = 0;
  if (!t->count || !newline) return o;
  t->odd = 1;
  if (t->style == TRANSFER_LINES) o = flush(t, o);
  if (t->style == TRANSFER_WHOLE) t->count = t->bits = 0;
  return o;
}

/* Whole groups of digits, up to the first that is none. */
static char *groups(const unsigned char **in, const unsigned char *end, char *o)
{
  const unsigned char *s = *in;
  uint32_t group, a, b, c, d;

  if (wrong) for (; end - s >= 4; s += 4, o += 3) {
    group = places[0][s[0]] | places[1][s[1]] | places[2][s[2]] | places[3][s[3]];
    if (group & wrong) break;
    memcpy(o, &group, 4);
  }
  else for (; end - s >= 4; s += 4) {
    a = values[s[0]], b = values[s[1]], c = values[s[2]], d = values[s[3]];
    if ((a | b | c | d) & PAD) break;
    group = a << 18 | b << 12 | c << 6 | d;
    *o++ = (char) (group >> 16);
    *o++ = (char) (group >> 8);
    *o++ = (char) group;
  }
  *in = s;
  return o;
}

static size_t base64(struct transfer *t, const char *in, size_t len, char *out)
{
  const unsigned char *s = (const unsigned char *) in, *end = s + len;
  char *o = out;
  unsigned char value;

  if (len >= MUCH && !wrong) prepare();
  if (!len) return (size_t) (flush(t, o) - out);
  for (; s < end; ++s) {
    if (!t->count && !t->over && !t->left) o = groups(&s, end, o);
    if (s == end || (t->over && t->style == TRANSFER_STOP)) break;
    value = values[*s];
    if (value > PAD) o = other(t, *s, o);
    else if (t->left && t->style == TRANSFER_REST) continue;
    else if (value == PAD) o = padding(t, o);
    else {
      if (t->over) t->odd = 1;
      o = digit(t, value, o);
    }
    if (t->style == TRANSFER_GROUPS && t->count + t->left >= 4) {
      o = flush(t, o);
      t->left = 0;
    }
  }
  return (size_t) (o - out);
}

/* Is this a digit, in the style? */
static int hexadecimal(struct transfer *t, char c)
{
  if (hex_digit(c) < 0) return 0;
  if (c >= 'a') t->odd = 1;
  return c < 'a' || t->style != TRANSFER_GROUPS;
}

/* Can the character stand behind a = that is not yet known to be broken? */
static int holds(struct transfer *t, char c)
{
  if (!c || t->count != 1) return 0;
  if (hexadecimal(t, c) || strchr("\r \t", c)) return 1;
  if (c == '=' || t->style < TRANSFER_WHOLE) return 0;
  t->bad = t->odd = 1;
  return 1;
}

/* The character behind a broken =, which goes as the style has it. 1: it goes too. */
static int broken(struct transfer *t, char c, char **o)
{
  size_t kept = t->style > TRANSFER_SKIP ? 0 : t->count - (t->style == TRANSFER_SKIP);

  t->bad = t->odd = 1;
  memcpy(*o, t->held + t->count - kept, kept);
  *o += kept;
  kept = t->count;
  t->count = 0;
  return t->style >= TRANSFER_WHOLE && kept == 2 && c != '=' && !strchr("\r \t", t->held[1]);
}

/* held: = and what followed it, a digit, a blank or a CR. Whatever does not
 * follow the rules stands for itself. */
static size_t quoted(struct transfer *t, const char *in, size_t len, char *out)
{
  const char *end = in + len, *run;
  char *o = out;

  if (!len) {
    memcpy(o, t->held, t->count);
    o += t->count;
    t->count = 0;
  }
  while (in < end) {
    if (!t->count) {
      run = memchr(in, '=', (size_t) (end - in));
      if (!run) run = end;
      memcpy(o, in, (size_t) (run - in));
      o += run - in;
      in = run;
      if (in < end) t->held[t->count++] = *in++;
    } else if (*in == '\n') {
      t->count = 0;
      ++in;
    } else if (holds(t, *in)) {
      t->held[t->count++] = *in++;
    } else if (t->count == 2 && strchr(" \t", t->held[1]) && strchr("\r \t", *in) && *in) {
      ++in;
    } else if (t->count == 2 && hexadecimal(t, t->held[1]) && hexadecimal(t, *in)) {
      *o++ = (char) (hex_digit(t->held[1]) << 4 | hex_digit(*in++));
      t->count = 0;
    } else in += broken(t, *in, &o);
  }
  return (size_t) (o - out);
}

/* count: characters in bits; left: bytes the line has still to give, plus one
 * within a line. A line that begins with a small letter, as begin and end do,
 * has no data. */
static size_t uudecode(struct transfer *t, const char *in, size_t len, char *out)
{
  const char *end = in + len;
  char *o = out;
  unsigned int i;

  for (; in < end; ++in) {
    if (*in == '\n' || *in == '\r') t->left = t->count = t->bits = 0;
    else if (!t->left) t->left = *in < ' ' || *in > '`' ? 1U : 1U + ((unsigned int) (*in - ' ') & 63);
    else if (t->left > 1) {
      t->bits = t->bits << 6 | ((unsigned int) (*in - ' ') & 63);
      if (++t->count < 4) continue;
      for (i = 0; i < 3 && t->left > 1; ++i, --t->left) *o++ = (char) (t->bits >> (16 - 8 * i));
      t->count = t->bits = 0;
    }
  }
  return (size_t) (o - out);
}

/* count: 1 behind =; over: within a line that begins with =y. */
static size_t yenc(struct transfer *t, const char *in, size_t len, char *out)
{
  const char *end = in + len;
  char *o = out;

  for (; in < end; ++in) {
    if (*in == '\n' || *in == '\r') {
      t->count = t->over = 0;
      t->left = 1;
    } else if (t->over) continue;
    else if (t->count) {
      t->count = 0;
      if (t->left == 2 && *in == 'y') t->over = 1;
      else *o++ = (char) (*in - 64 - 42);
      t->left = 0;
    } else if (*in == '=') {
      t->count = 1;
      t->left = t->left == 1 ? 2 : 0;
    } else {
      *o++ = (char) (*in - 42);
      t->left = 0;
    }
  }
  return (size_t) (o - out);
}

enum { MARK = 0x90, MACHEADER = 21 };  /* the header of a file in BinHex behind its name */

/* One byte of BinHex behind its runs: the header is left out, if it is to be. */
static char *unpacked(struct transfer *t, char c, char *o)
{
  if (t->left == 1 || t->left == 2) *o++ = c;
  else if (!t->left) t->left = 2 + MACHEADER + (unsigned char) c;
  else --t->left;
  return o;
}

/* over: 1 behind the first colon, 2 behind the second; held[0]: the byte that may
 * be repeated; held[1]: 1 behind MARK. A run gives no more than there is room for. */
static size_t binhex(struct transfer *t, const char *in, size_t len, char *out)
{
  static const char alphabet[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
  const char *end = in + len, *found;
  unsigned int n;
  char *o = out, c;

  for (; in < end && t->over < 2; ++in) {
    if (*in == ':') ++t->over;
    else if (t->over && *in && (found = strchr(alphabet, *in))) {
      t->bits = t->bits << 6 | (unsigned int) (found - alphabet);
      if (++t->count % 4 == 1 || o - out >= (ptrdiff_t) len) continue;
      c = (char) (t->bits >> (6 - 2 * ((t->count - 1) % 4)));
      if (t->held[1]) {
        if (!c) o = unpacked(t, t->held[0] = (char) MARK, o);
        else for (n = (unsigned char) c; --n && o - out < (ptrdiff_t) len; ) o = unpacked(t, t->held[0], o);
        t->held[1] = 0;
      } else if ((unsigned char) c == MARK) t->held[1] = 1;
      else o = unpacked(t, t->held[0] = c, o);
    }
  }
  return (size_t) (o - out);
}

size_t transfer_decode(struct transfer *t, const char *in, size_t len, char *out)
{
  switch (t->kind) {
    case TRANSFER_BASE64: return base64(t, in, len, out);
    case TRANSFER_QUOTED: return quoted(t, in, len, out);
    case TRANSFER_UU: return uudecode(t, in, len, out);
    case TRANSFER_YENC: return yenc(t, in, len, out);
    case TRANSFER_BINHEX: return binhex(t, in, len, out);
    default:
      memcpy(out, in, len);
      return len;
  }
}
