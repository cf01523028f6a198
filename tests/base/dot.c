/* base/dot against a decoder and an encoder that are slow and obvious: they see
 * the whole text at once and know no state. */
#include "dot.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define MAX 65536

struct text {
  size_t len;
  char s[MAX];
};

struct result {
  struct text text;
  struct dot d;
  size_t used;
};

static void put(struct text *t, const char *s, size_t len)
{
  memcpy(t->s + t->len, s, len);
  t->len += len;
}

static int equal(const struct text *a, const struct text *b)
{
  return a->len == b->len && !memcmp(a->s, b->s, a->len);
}

/* Where the first `what` begins, or -1. */
static long find(const struct text *t, const char *what)
{
  size_t i, n = strlen(what);

  for (i = 0; i + n <= t->len; ++i)
    if (!memcmp(t->s + i, what, n)) return (long) i;
  return -1;
}

/* Bytes up to and with the line's end; *end: bytes of that end, 0 if there is none. */
static size_t line(const char *s, size_t len, int lf, size_t *end)
{
  size_t i;

  for (i = 0; i < len; ++i) {
    *end = i + 1 < len && s[i] == '\r' && s[i + 1] == '\n' ? 2 : lf && s[i] == '\n';
    if (*end) return i + *end;
  }
  *end = 0;
  return len;
}

/* Every line of s in turn, as wire lines if `stuff`, with a dot less if `unstuff`. */
static void lines(const char *s, size_t len, enum dot_mode mode, struct result *r)
{
  size_t i, n, end, from;

  for (; len; s += n, len -= n) {
    n = line(s, len, mode != DOT_REFUSE, &end);
    from = mode < DOT_ENCODE && *s == '.' && (mode == DOT_REFUSE || n - end > 1);
    if (n - from - end > r->d.longest) r->d.longest = n - from - end;
    if (s[from] == '.') r->d.dotted = 1;
    if (s[from] == '.' && mode == DOT_ENCODE) put(&r->text, ".", 1);
    if (end == 1) r->d.bare = 1;
    for (i = from; i < n - end; ++i) {
      if (!s[i]) r->d.nul = 1;
      if (s[i] == '\r' || s[i] == '\n') r->d.bare = 1;
      put(&r->text, s[i] == '\r' && mode != DOT_REFUSE ? " " : s + i, 1);
    }
    put(&r->text, "\r\n", 2);
  }
}

static void slow_decode(const struct text *in, enum dot_mode mode, struct result *r)
{
  static struct text wire;
  long at;

  memset(&r->d, 0, sizeof r->d);
  r->text.len = wire.len = 0;
  put(&wire, "\r\n", 2);
  put(&wire, in->s, in->len);
  at = find(&wire, "\r\n.\r\n");
  r->d.ended = at >= 0;
  if (at >= 0) lines(wire.s + 2, (size_t) at, mode, r);
  r->used = at < 0 ? in->len : (size_t) at + 3;
}

static void slow_encode(const struct text *in, enum dot_mode mode, struct result *r)
{
  memset(&r->d, 0, sizeof r->d);
  r->text.len = 0;
  lines(in->s, in->len, mode, r);
  if (mode == DOT_ENCODE) put(&r->text, ".\r\n", 3);
}

static uint32_t seed = 2;

static uint32_t roll(uint32_t below)
{
  seed = seed * 1664525 + 1013904223;
  return (uint32_t) (((uint64_t) seed * below) >> 32);
}

/* What is cut where: the input in two at `cut`; into single bytes with ONES, into
 * random pieces with RANDOM. */
enum { ONES = MAX + 1, RANDOM };

static size_t part(size_t cut, size_t at, size_t len)
{
  size_t n = cut == ONES ? 1 : cut == RANDOM ? 1 + roll(5000) : at < cut ? cut - at : len - at;

  return n < len - at ? n : len - at;
}

static void decode(const struct text *in, enum dot_mode mode, size_t cut, struct result *r)
{
  const char *piece;
  size_t n, stop, steps = 0;

  dot_begin(&r->d, mode);
  r->text.len = 0;
  for (r->used = 0; r->used < in->len && !r->d.ended;) {
    for (stop = r->used + part(cut, r->used, in->len); r->used < stop && !r->d.ended;) {
      r->used += dot_next(&r->d, in->s + r->used, stop - r->used, &piece, &n);
      put(&r->text, piece, n);
      if (++steps > 3 * in->len + 9) return;
    }
  }
}

static void encode(const struct text *in, enum dot_mode mode, size_t size, size_t cut, struct result *r)
{
  static char out[MAX];
  size_t n, stop, steps = 0;

  dot_begin(&r->d, mode);
  r->text.len = 0;
  for (r->used = 0; r->used < in->len;) {
    for (stop = r->used + part(cut, r->used, in->len); r->used < stop;) {
      r->used += dot_encode(&r->d, in->s + r->used, stop - r->used, out, size, &n);
      if (n > size || ++steps > 3 * in->len + 9) return;
      put(&r->text, out, n);
    }
  }
  put(&r->text, out, dot_end(&r->d, out));
}

static struct {
  unsigned long cases, bytes, end, facts, plain, wire, bare, early, back, again, mended;
} wrong;

static int has_bare(const struct text *t)
{
  size_t i;

  for (i = 0; i < t->len; ++i) {
    if (t->s[i] == '\r' && i + 1 < t->len && t->s[i + 1] == '\n') ++i;
    else if (t->s[i] == '\r' || t->s[i] == '\n') return 1;
  }
  return 0;
}

static void check_decode(const struct text *in, enum dot_mode mode, size_t cut)
{
  static struct result want, got, wire;

  ++wrong.cases;
  slow_decode(in, mode, &want);
  decode(in, mode, cut, &got);
  wrong.end += got.d.ended != want.d.ended || got.used != want.used;
  if (!want.d.ended || !got.d.ended) return;
  wrong.bytes += !equal(&got.text, &want.text) || got.d.size != want.text.len;
  wrong.facts += got.d.bare != want.d.bare || got.d.nul != want.d.nul ||
                 got.d.longest != want.d.longest;
  slow_encode(&want.text, DOT_ENCODE, &wire);
  wrong.plain += dot_plain(&got.d) != (wire.text.len == want.text.len + 3 &&
                                       !memcmp(wire.text.s, want.text.s, want.text.len));
}

static void check_encode(const struct text *in, size_t size, size_t cut)
{
  static struct result want, got, back, again;

  ++wrong.cases;
  slow_encode(in, DOT_ENCODE, &want);
  encode(in, DOT_ENCODE, size, cut, &got);
  wrong.wire += !equal(&got.text, &want.text) || got.d.size != want.text.len;
  wrong.bare += has_bare(&got.text) != 0;
  slow_decode(&got.text, DOT_REFUSE, &back);
  wrong.early += !back.d.ended || back.used != got.text.len;
  decode(&got.text, DOT_REFUSE, in->len, &back);
  wrong.back += back.d.bare != 0;
  encode(&back.text, DOT_ENCODE, size, cut, &again);
  wrong.again += !equal(&again.text, &got.text);
}

static void check_mend(const struct text *in, size_t size, size_t cut)
{
  static struct result want, got, wire;

  ++wrong.cases;
  slow_encode(in, DOT_LINES, &want);
  encode(in, DOT_LINES, size, cut, &got);
  wrong.mended += !equal(&got.text, &want.text) || got.d.size != want.text.len || got.d.bare != want.d.bare;
  slow_encode(&want.text, DOT_ENCODE, &wire);
  wrong.plain += dot_plain(&got.d) != (wire.text.len == want.text.len + 3);
}

/* A check of this row of the fault matrix. */
static void passed(const char *row, int pass, const char *what)
{
  static char name[200];

  snprintf(name, sizeof name, "%s: %s", row, what);
  ok(pass, name);
}

static void report(const char *row, const char *what)
{
  printf("# %s: %lu cases\n", what, wrong.cases);
  passed(row, !wrong.end, "the end of data is where the reference finds it");
  passed(row, !wrong.bytes, "decoded bytes and their number are the reference's");
  passed(row, !wrong.facts, "lone CR and LF, NUL and the longest line are seen");
  passed(row, !wrong.plain, "plain is said exactly where encoding would change nothing");
  passed(row, !wrong.wire, "encoded bytes and their number are the reference's");
  passed(row, !wrong.bare, "no lone CR or LF leaves the encoder");
  passed(row, !wrong.early, "the encoder's text ends at its end only");
  passed(row, !wrong.back, "what was encoded is decoded without complaint");
  passed(row, !wrong.mended, "text without dots has its lines mended and nothing else");
  passed(row, !wrong.again, "decoding and encoding again changes nothing");
  memset(&wrong, 0, sizeof wrong);
}

static void all_cuts(const struct text *in)
{
  size_t cut;
  int mode;

  for (mode = DOT_REFUSE; mode <= DOT_NORMALIZE; ++mode) {
    check_decode(in, (enum dot_mode) mode, ONES);
    for (cut = 0; cut < in->len; ++cut) check_decode(in, (enum dot_mode) mode, cut);
  }
}

/* Every string over the five bytes up to length 7: as it is, and where the text
 * goes on, with an end and a command behind it. */
static void every_string(void)
{
  static const char set[] = {'\r', '\n', '.', 'a', '\0'};
  static struct text in;
  unsigned long i, code, rest, number = 0;
  size_t len, at;

  for (len = 0, i = 1; len <= 7; ++len, i *= 5) {
    for (code = 0; code < i; ++code, ++number) {
      in.len = 0;
      for (at = 0, rest = code; at < len; ++at, rest /= 5) put(&in, set + rest % 5, 1);
      check_encode(&in, DOT_ROOM + code % 6, ONES);
      check_mend(&in, DOT_ROOM + code % 6, ONES);
      for (at = 0; at <= len; ++at) {
        check_encode(&in, DOT_ROOM + code % 6, at);
        check_mend(&in, DOT_ROOM + code % 6, at);
      }
      all_cuts(&in);
      put(&in, "\r\n.\r\nQUIT", 9);
      all_cuts(&in);
    }
  }
  passed("row 36", number == 97656, "97,656 strings were tried");
  report("row 36", "every short string");
}

/* Lines of about the sizes of buffers, made of little else than trouble. */
static void fill(struct text *in, size_t len, uint32_t trouble)
{
  static const char *const bits[] = {"\r\n", "\r\n.", ".", "\r", "\n",
                                     "..", "\r\r\n", "\r\n.\r", "a"};
  const char *bit;

  in->len = 0;
  while (in->len < len) {
    bit = roll(1000) < trouble ? bits[roll(sizeof bits / sizeof *bits)] : "\tx\xff\x80yz";
    put(in, bit, strlen(bit));
  }
  in->len = len;
}

/* 4000 take a second; a number as argument is for the patient. */
static void random_texts(unsigned long count)
{
  static const uint32_t trouble[] = {0, 5, 50, 500, 1000};
  static struct text in;
  unsigned long i;
  size_t len;

  for (i = 0; i < count; ++i) {
    len = (i % 2 ? 4091u : 8187u) + roll(10);
    fill(&in, len, trouble[i % 5]);
    check_encode(&in, i % 7 ? 4095 + i % 3 : 9, RANDOM);
    check_mend(&in, i % 7 ? 4095 + i % 3 : 9, RANDOM);
    put(&in, "\r\n.\r\nRSET\r\n", 11);
    check_decode(&in, i & 8 ? DOT_REFUSE : DOT_NORMALIZE, i & 4 ? RANDOM : 4095 + i % 3);
  }
  report("row 39", "random texts");
}

/* A line's beginning at every offset near a buffer's edge, the buffer cut there. */
static void edges(void)
{
  static const char *const bits[] = {"\r\n.\r\n", "\r\n..\r\n", "\r\n.x", "\n.\r\n",
                                     "\r\n.\n", "\r\r\n", "\r.\r"};
  static struct text in;
  size_t i, at, cut;

  for (i = 0; i < sizeof bits / sizeof *bits; ++i) {
    for (at = 4090; at < 4100; ++at) {
      for (cut = 4095; cut <= 4097; ++cut) {
        fill(&in, at, 0);
        put(&in, bits[i], strlen(bits[i]));
        check_encode(&in, cut, cut);
        check_mend(&in, cut, cut);
        put(&in, "\r\n.\r\n", 5);
        check_decode(&in, DOT_REFUSE, cut);
        check_decode(&in, DOT_NORMALIZE, cut);
      }
    }
  }
  report("row 39", "around the edges of buffers");
}

int main(int argc, char **argv)
{
  every_string();
  random_texts(argc > 1 ? strtoul(argv[1], 0, 10) : 4000);
  edges();
  return done_testing();
}
