/* The content transfer encodings, whole and byte by byte. */

#include "transfer.h"

#include <string.h>

#include "tap.h"

static void decodes_as(enum transfer_kind kind, enum transfer_style style, const char *in, const char *want,
                       const char *name)
{
  struct transfer whole = { .kind = kind, .style = style }, bytes = whole;
  char a[512], b[512];
  size_t i, n, m = 0;

  n = transfer_decode(&whole, in, strlen(in), a);
  n += transfer_decode(&whole, "", 0, a + n);
  for (i = 0; in[i]; ++i) m += transfer_decode(&bytes, in + i, 1, b + m);
  m += transfer_decode(&bytes, "", 0, b + m);
  ok(n == strlen(want) && !memcmp(a, want, n) && m == n && !memcmp(a, b, n), name);
  if (n != strlen(want) || memcmp(a, want, n)) printf("# want %s\n# got  %.*s\n", want, (int) n, a);
  if (m != n || memcmp(a, b, n)) printf("# byte by byte %.*s\n", (int) m, b);
}

static void decodes(enum transfer_kind kind, const char *in, const char *want, const char *name)
{
  decodes_as(kind, TRANSFER_USUAL, in, want, name);
}

/* What breaks the rules, in each way to take it. */
static void styles(void)
{
  decodes_as(TRANSFER_BASE64, TRANSFER_SKIP, "Y=WJ=j", "abc", "padding is passed over");
  decodes_as(TRANSFER_BASE64, TRANSFER_LINES, "YWI\nYWI\n", "abab", "each line for itself");
  decodes_as(TRANSFER_BASE64, TRANSFER_WHOLE, "YWJjXX\nYWJjX\n", "abcabc", "of each line only whole groups");
  decodes_as(TRANSFER_BASE64, TRANSFER_GROUPS, "Y=WIYQ==Y=Q=", "abaa", "padding has its place in the group");
  decodes_as(TRANSFER_BASE64, TRANSFER_ZERO, "YW=jYWJj", "a`#abc", "padding is a digit");
  decodes_as(TRANSFER_BASE64, TRANSFER_SHORT, "YWI=YQ==YWJj", "abaabc", "and makes its group shorter");
  decodes_as(TRANSFER_BASE64, TRANSFER_REST, "YWJj#YWJj\nYW#YWJj\nJj", "abcabc", "what is no base64 hides the rest");
  decodes_as(TRANSFER_BASE64, TRANSFER_STOP, "YWJjYQ==YWJj", "abca", "padding is the end");
  decodes_as(TRANSFER_BASE64, TRANSFER_STOP, "YWJj\n_\nYWJj", "abc", "and so is what is no base64");
  decodes_as(TRANSFER_QUOTED, TRANSFER_SKIP, "a=Xb", "aXb", "a broken = is passed over");
  decodes_as(TRANSFER_QUOTED, TRANSFER_LINES, "a=0=41b=0X", "aAbX", "with the digit behind it");
  decodes_as(TRANSFER_QUOTED, TRANSFER_WHOLE, "a=XX=41b", "aAb", "with two characters");
  decodes_as(TRANSFER_QUOTED, TRANSFER_GROUPS, "a=0a=41b=4A", "aAbJ", "small digits are none");
  ok(transfer_styles(TRANSFER_BASE64) == TRANSFER_STYLES && transfer_styles(TRANSFER_QUOTED) < TRANSFER_STYLES &&
     transfer_styles(TRANSFER_UU) == 1, "an encoding has its styles");
}

/* No encoding gives more than it gets, but for the four bytes of the contract. */
static void survives(void)
{
  static char in[256], out[260];
  struct transfer t;
  unsigned int seed = 6, kind;
  size_t round, i, n, bad = 0;

  for (round = 0; round < 20000; ++round) {
    kind = (unsigned int) round % (TRANSFER_UNKNOWN + 1);
    memset(&t, 0, sizeof t);
    t.kind = (enum transfer_kind) kind;
    t.style = (enum transfer_style) (round / 7 % TRANSFER_STYLES);
    for (n = 0; n < 4; ++n) {
      for (i = 0; i < sizeof in; ++i) {
        seed = seed * 1103515245 + 12345;
        in[i] = (char) (seed >> 16 & 1 ? (unsigned int) "=\r\n A3f`M"[seed >> 20 & 7] : seed >> 20);
      }
      bad += transfer_decode(&t, in, seed >> 8 & 255, out) > (seed >> 8 & 255) + 4;
    }
  }
  ok(!bad, "no data makes trouble");
}

int main(void)
{
  ok(transfer_kind("Base64", 6) == TRANSFER_BASE64, "base64 in any case");
  ok(transfer_kind("8bit", 4) == TRANSFER_PLAIN, "8bit is plain");
  ok(transfer_kind("quoted-printable", 16) == TRANSFER_QUOTED, "quoted-printable");
  ok(transfer_kind("x-uue", 5) == TRANSFER_UU, "x-uue");
  ok(transfer_kind("base64x", 7) == TRANSFER_UNKNOWN, "nothing else");

  decodes(TRANSFER_PLAIN, "a=3D\r\n", "a=3D\r\n", "plain stays");
  decodes(TRANSFER_BASE64, "YWJjZA==", "abcd", "base64");
  decodes(TRANSFER_BASE64, "YWJj\r\nZGU=\r\n", "abcde", "base64 in lines");
  decodes(TRANSFER_BASE64, "YW-Jj!Z A", "abcd", "junk in base64");
  decodes(TRANSFER_BASE64, "YQ==Yg==", "ab", "base64 that goes on behind the padding");
  decodes(TRANSFER_BASE64, "YWI", "ab", "base64 without padding");
  decodes(TRANSFER_BASE64, "Y", "", "half a byte of base64");
  decodes(TRANSFER_QUOTED, "a=3db=3Dc", "a=b=c", "quoted-printable");
  decodes(TRANSFER_QUOTED, "a=\r\nb=\nc= \t\r\nd", "abcd", "soft line breaks");
  decodes(TRANSFER_QUOTED, "a=b=zz==41=", "a=b=zz=A=", "an = that encodes nothing");
  decodes(TRANSFER_QUOTED, "a\r\nb", "a\r\nb", "line endings stay");
  decodes(TRANSFER_UU, "#86)C\n`\n", "abc", "uuencode");
  decodes(TRANSFER_UU, "begin 644 x\r\n$86)C9```\r\n`\r\nend\r\n", "abcd", "uuencode with its frame");
  styles();
  survives();
  return done_testing();
}
