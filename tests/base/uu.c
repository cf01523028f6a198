/* What is a uuencoded file in text. */

#include "uu.h"

#include <string.h>

#include "tap.h"

static struct uu uu;

static int begins(const char *text)
{
  return uu_begins(text, text + strlen(text), &uu);
}

static int named(const char *name)
{
  return uu.namelen == strlen(name) && !memcmp(uu.name, name, uu.namelen);
}

static int data(const char *text, int base64)
{
  return uu_data(text, text + strlen(text), base64 ? TRANSFER_BASE64 : TRANSFER_UU);
}

static int ends(const char *text, int base64)
{
  return uu_ends(text, text + strlen(text), base64 ? TRANSFER_BASE64 : TRANSFER_UU);
}

int main(void)
{
  static const char yend[] = "=yend size=4\n";
  ok(begins("begin 644 a b.exe \r\n#86)C\r\n") && named("a b.exe") && uu.kind == TRANSFER_UU, "begin with a name");
  ok(begins("begin 0755\ta\n#86)C") && named("a"), "a mode of four digits");
  ok(begins("begin-base64 600 a\nYWJj\n") && named("a") && uu.kind == TRANSFER_BASE64, "begin-base64");
  ok(!begins("begin 64 a\n#86)C\n") && !begins("begin 888 a\n#86)C\n"), "no mode");
  ok(!begins("begin 644\n#86)C\n") && !begins("begin 644  \n#86)C\n"), "no name");
  ok(!begins("begin 644 a\n") && !begins("begin 644 a") && !begins("begin 644 a\nlower\n"), "no data");
  ok(!begins("begi") && !begins("beginning 644 a\n#86)C\n"), "other words");

  ok(data("#86)C\r\n", 0) && data("#86)C", 0) && data("`\n", 0) && data(" \n", 0), "lines of data");
  ok(data("M\n", 0), "a line that has lost its blanks");
  ok(data("#86)Cxy\n", 0) == 0 && data("#86)CABC\n", 0) == 0, "no lines of data");
  ok(data("", 0) == 0 && data("\n", 0) == 0, "an empty line is no data");
  ok(data("YW+/==\r\n", 1) && !data("Y W\n", 1) && !data("\n", 1), "lines of base64");

  ok(ends("end\r\n", 0) && ends("end \t\n", 0) && ends("end", 0), "the last line");
  ok(!ends("en", 0) && !ends("ending\n", 0) && !ends("====\n", 0), "another line");
  ok(ends("====\n", 1) && !ends("===\n", 1) && !ends("end\n", 1), "the last line of base64");

  ok(begins("=ybegin line=128 size=4 name=a b.exe\r\nxx\r\n") && named("a b.exe") && uu.kind == TRANSFER_YENC, "yEnc");
  ok(!begins("=ybegin line=128 size=4\nxx\n") || uu.namelen == 0, "yEnc without a name");
  ok(begins("(This file must be converted with BinHex 4.0)\n\n:\"@%ZCAKP!%&38%aiH(Ki!!!!!!!%!!!!!!!!69TKBJ!!:\n") && uu.namelen == 5 && uu.kind == TRANSFER_BINHEX, "BinHex");
  ok(uu_ends(yend, yend + 13, TRANSFER_YENC), "the end of yEnc");
  ok(begins("begin 644 a.exe\n\n#86)C\n"), "an empty line before the data");
  return done_testing();
}
