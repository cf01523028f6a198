/* The MIME reader: events of a message as one line of text, under every size
 * of buffer and read that matters. */

#include "mime.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

static struct mime mime;
static int file = -1;

static void put(const char *text, size_t len)
{
  if (file != -1) close(file);
  file = memfd_create("message", MFD_CLOEXEC);
  if (file == -1 || (len && pwrite(file, text, len, 0) != (ssize_t) len)) exit(1);
}

static int cat(stralloc *out, const char *text)
{
  return stralloc_cats(out, text);
}

/* (type names:data) for a part, [..] for data between parts, bytes above
 * twenty as a count; ! and a word for a limit or failure. */
static void describe(stralloc *out, int reading, size_t room, size_t chunk)
{
  static stralloc data;
  enum mime_event event, last = MIME_OVER;
  size_t i;

  out->len = data.len = 0;
  mime_open(&mime, file, 0);
  mime.reading = reading;
  mime.room = room;
  mime.chunk = chunk;
  for (;;) {
    event = mime_next(&mime);
    if (event != last && data.len) {
      cat(out, last == MIME_DATA ? ":" : "[");
      if (data.len > 30) {
        stralloc_number(out, data.len);
      } else {
        for (i = 0; i < data.len; ++i)
          if (data.s[i] == '\r') cat(out, "\\r");
          else if (data.s[i] == '\n') cat(out, "\\n");
          else stralloc_append(out, data.s + i);
      }
      if (last == MIME_BETWEEN) cat(out, "]");
      data.len = 0;
    }
    last = event;
    switch (event) {
      case MIME_PART:
        cat(out, "(");
        stralloc_catb(out, mime.content.type.s, mime.content.type.len);
        for (i = 0; i < mime.content.names.count; ++i) {
          cat(out, i ? "|" : " ");
          stralloc_catb(out, mime.content.names.text.s + mime.content.names.list[i].at,
                        mime.content.names.list[i].len);
        }
        break;
      case MIME_DATA:
      case MIME_BETWEEN:
        stralloc_catb(&data, mime.data, mime.len);
        break;
      case MIME_END:
        cat(out, ")");
        break;
      case MIME_LIMIT:
        cat(out, "!");
        cat(out, mime.limit);
        return;
      case MIME_FAILED:
        cat(out, "!failed");
        return;
      case MIME_OVER:
        return;
    }
  }
}

static int equal(const stralloc *a, const char *text)
{
  return a->len == strlen(text) && !memcmp(a->s, text, a->len);
}

/* The message reads as want, in whatever pieces it is read. */
static void reads(const char *text, int reading, const char *want, const char *name)
{
  static stralloc out, first;
  static const size_t rooms[] = { MIME_BUFFER, MIME_LOOK + 2, MIME_LOOK + 3, MIME_LOOK + 100 };
  static const size_t chunks[] = { MIME_BUFFER, 1, 7 };
  size_t i, j;
  int same = 1;

  put(text, strlen(text));
  describe(&first, reading, MIME_BUFFER, MIME_BUFFER);
  for (i = 0; i < 4; ++i)
    for (j = 0; j < 3; ++j) {
      describe(&out, reading, rooms[i], chunks[j]);
      same = same && out.len == first.len && !memcmp(out.s, first.s, out.len);
    }
  ok(equal(&first, want) && same, name);
  if (!equal(&first, want)) printf("# want %s\n# got  %.*s\n", want, (int) first.len, first.s);
  if (!same) printf("# differs with the size of reads\n");
}

static void faults(unsigned long long want, const char *name)
{
  size_t i;

  ok(mime.faults == want, name);
  if (mime.faults == want) return;
  for (i = 0; i < FAULTS; ++i)
    if ((mime.faults ^ want) >> i & 1)
      printf("# %s %s\n", mime.faults >> i & 1 ? "unexpected" : "missing", fault_name((enum fault) i));
}

#define V "MIME-Version: 1.0\n"
#define M V "Content-Type: multipart/mixed; boundary=b\n\n"
#define A "Content-Disposition: attachment; filename=a.exe\n\n"

static void plain(void)
{
  reads("", 0, "(text/plain)", "nothing");
  faults(0, "nothing has no faults");
  reads("\n", 0, "(text/plain)", "an empty header");
  reads("Subject: x\n", 0, "(text/plain)", "a header without a body");
  reads("Subject: x\n\nhello\n", 0, "(text/plain:hello\\n)", "plain text");
  faults(0, "plain text has no faults");
  reads("Subject: x\r\n\r\nhello\r\n", 0, "(text/plain:hello\\r\\n)", "plain text with CRLF");
  faults(0, "CRLF is no fault");
  reads("Subject: x\n\nhello", 0, "(text/plain:hello)", "a last line without an ending");
  reads("Subject: x\n\n--\n-- x\n--b--\n", 0, "(text/plain:--\\n-- x\\n--b--\\n)", "dashes in plain text");
  reads(V "Content-Type: Application/X-Foo (c)\n\nx", 0, "(application/x-foo:x)", "another type");
  faults(0, "another type is no fault");
  reads(V "content-type: a/b; name=x.exe\n\nx", 0, "(a/b x.exe:x)", "a message that is a file");
  reads("From me\nSubject: x\n\nx", 0, "(text/plain:x)", "a From line before the header");
  faults(0, "a From line is no fault");
  reads("Content-Type: a/b; name=x\n\nx", 0, "(a/b x:x)", "no MIME-Version is no excuse");
  faults(FAULT(NO_VERSION), "no MIME-Version is a fault");
}

static void multipart(void)
{
  reads(M "pre\n--b\n\none\n--b\n" A "two\n\n--b--\nepi\n", 0,
        "(multipart/mixed[pre](text/plain:one)(text/plain a.exe:two\\n)[epi\\n])", "a multipart");
  faults(0, "a multipart has no faults");
  reads("MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\n--b\r\n\r\none\r\n\r\n--b--\r\n", 0,
        "(multipart/mixed(text/plain:one\\r\\n))", "a multipart with CRLF");
  faults(0, "a multipart with CRLF has no faults");
  reads(M "--b\n\n--b\n" A "--b--", 0, "(multipart/mixed(text/plain)(text/plain a.exe))", "empty parts");
  reads(M "--b \t\n\nx\n--b-- \n", 0, "(multipart/mixed(text/plain:x))", "blanks behind a boundary");
  faults(0, "blanks behind a boundary are no fault");
  reads(M "--b\n\nx\n - -b\n--a\n-b\n--Bc\n--b--\n", 0,
        "(multipart/mixed(text/plain:x\\n - -b\\n--a\\n-b\\n--Bc))", "what is no boundary");
  reads(M "--b\n\nx\n--B\n" A "two\n--B--\n", 0, "(multipart/mixed(text/plain:x)(text/plain a.exe:two))",
        "a boundary in capital letters");
  reads(M "--b\n\nx\n --b\n" A "two\n-- b\n" A "three\n--\"b\"\n" A "four\n--\"b\"--\n", 0,
        "(multipart/mixed(text/plain:x)(text/plain a.exe:two)(text/plain a.exe:three)(text/plain a.exe:four))",
        "blanks before a boundary and quotes around it");
  reads(M "--c\n" A "one\n--c--\n", 0, "(multipart/mixed(text/plain a.exe:one))", "another boundary than was said");
  reads(M "--b\n\nx\n", 0, "(multipart/mixed(text/plain:x\\n))", "a missing end");
  faults(FAULT(END_MISSING), "a missing end is a fault");
  reads(M "--b\nContent-Type: a/b; name=x\n--b--\n", 0, "(multipart/mixed(a/b x))",
        "a header that ends at a boundary");
  faults(FAULT(HEADER), "such a header is a fault");
  reads(M "--b--\n--b\n" A "x\n--b--\n", 0, "(multipart/mixed(text/plain a.exe:x))",
        "a part behind the end");
  faults(FAULT(AFTER_END), "a part behind the end is a fault");
  reads(M "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\nx\n--bb--\n--b\n\ny\n--b--", 0,
        "(multipart/mixed(multipart/alternative(text/plain:x))(text/plain:y))",
        "a boundary that begins with the outer one");
  faults(0, "such a boundary is no fault");
  reads(M "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--b\n\ny\n--b--", 0,
        "(multipart/mixed(multipart/mixed(text/plain:x))(text/plain:y))", "an inner end is missing");
  faults(FAULT(END_MISSING), "a missing inner end is a fault");
  reads(M "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" A "x\n--b--\n--b\n\ny\n--b--", 0,
        "(multipart/mixed(multipart/mixed(text/plain a.exe:x)(text/plain:y)))", "the same boundary twice");
  reads(M "--bx\n" A "x\n--b--", 0, "(multipart/mixed(text/plain a.exe:x))",
        "a line that goes on behind the boundary");
  faults(FAULT(BOUNDARY_LINE), "such a line is a fault");
  reads(V "Content-Type: multipart/mixed\n\n--b\n" A "x\n--b--\n", 0,
        "(multipart/mixed(text/plain a.exe:x))", "a boundary that is nowhere declared");
  faults(FAULT(BOUNDARY_MISSING), "a missing boundary is a fault");
  reads(V "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n" A "x\n----\n", 0,
        "(multipart/mixed(text/plain a.exe:x))", "an empty boundary");
  faults(FAULT(BOUNDARY_EMPTY), "an empty boundary is a fault");
  reads(V "Content-Type: multipart/mixed; boundary=\"b \"\n\n--b\n" A "x\n--b--\n", 0,
        "(multipart/mixed(text/plain a.exe:x))", "a boundary that ends in a blank");
}

static void readings(void)
{
  reads(V "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\nx\n--b\n" A "y\n--b--\n", 0,
        "(multipart/mixed(text/plain:x)(text/plain a.exe:y))", "two boundaries are both open");
  faults(FAULT(PARAMETER_TWICE) | FAULT(BOUNDARIES) | FAULT(BOUNDARY_CONFLICT), "two boundaries are a fault");
  reads(V "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" A "y\n--b--\n",
        0, "(text/plain(text/plain a.exe:y))", "of two types each is read");
  faults(FAULT(TYPE_CONFLICT), "two types are a fault");
  reads(V "Content-Type: text/plain; boundary=b\n\n--b\n" A "y\n--b--\n",
        0, "(text/plain(text/plain a.exe:y))", "a boundary counts with any type");
  reads(V "Content-Type: multipart mixed; boundary=b\n\n--b\n" A "y\n--b--\n",
        0, "(multipart(text/plain a.exe:y))", "a type that is none");
  faults(FAULT(TYPE) | FAULT(PARAMETER), "a type that is none is a fault");
  reads(V "Content-Type: multipart/mixed; boundary*0=\"b\"; boundary*1=\"c\"\n\n--bc\n" A "y\n--bc--\n",
        0, "(multipart/mixed(text/plain a.exe:y))", "a boundary in segments");
  reads(V "Content-Type: multipart/mixed; boundary=b c\n\n--b c\n" A "y\n--b\n" A "z\n",
        0, "(multipart/mixed(text/plain a.exe:y)(text/plain a.exe:z\\n))", "a boundary with a blank");
  reads(V "Content-Type: multipart/mixed; boundary=\"b\\c\"\n\n--b\\c\n" A "y\n--bc\n" A "z\n",
        0, "(multipart/mixed(text/plain a.exe:y)(text/plain a.exe:z\\n))", "a boundary with a quoted pair");
  reads(V "Content-Type: a/b; name=x\nContent-Disposition: inline; filename=y\n\nz", 0,
        "(a/b x|y:z)", "two names");
  faults(FAULT(NAMES), "two names are a fault");
  reads(V "Content-Type: a/b; name=x\nContent-Disposition: inline; filename=x\n\nz", 0,
        "(a/b x:z)", "the same name twice");
  faults(0, "the same name twice is no fault");
  reads(V "Content-Type: a/b; name=\"=?utf-8?Q?a=2Eexe?=\"\n\nz", 0, "(a/b a.exe:z)", "a name in an encoded word");
  faults(FAULT(ENCODED_WORD), "an encoded word is a fault");
  reads(V "Content-Type: a/b; filename=x; name=y\n\nz", 0, "(a/b x|y:z)", "both parameters in one field");
  faults(FAULT(NAMES), "both parameters are a fault if they differ");
  reads(V "Content-Disposition: attachment\nContent-Disposition: inline; filename=x\n\nz", 0,
        "(text/plain x:z)", "two dispositions");
  faults(FAULT(DISPOSITION_TWICE), "two dispositions are a fault");
  reads(V "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: x-y\n\nz", 0,
        "(text/plain:z)", "two encodings");
  faults(FAULT(ENCODING) | FAULT(ENCODING_CONFLICT), "two encodings are a fault");
}

static void messages(void)
{
  reads(V "Content-Type: message/rfc822\n\nSubject: y\n\nx", 0, "(message/rfc822(text/plain:x))",
        "a message in a message");
  reads(M "--b\nContent-Type: message/rfc822\n\n" V "Content-Type: multipart/mixed; boundary=c\n\n"
        "--c\n" A "x\n--c--\n\n--b\n\ny\n--b--\n", 0,
        "(multipart/mixed(message/rfc822(multipart/mixed(text/plain a.exe:x)))(text/plain:y))",
        "a multipart in a message in a multipart");
  faults(0, "messages in messages are no fault");
  reads(V "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" A "x\n--b\nContent-Type: text/plain\n\ny\n--b--", 0,
        "(multipart/digest(message/rfc822(text/plain a.exe:x))(text/plain:y))", "a digest");
  reads(V "Content-Type: message/partial; number=1\n\n" A "x", 0, "(message/partial(text/plain a.exe:x))",
        "a partial message");
  faults(FAULT(PARTIAL), "a partial message is a fault");
  reads(V "Content-Type: message/external-body\n\n" A, 0,
        "(message/external-body(text/plain a.exe))", "an external body");
  faults(FAULT(EXTERNAL), "an external body is a fault");
  reads(V "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKeA==\n", 0,
        "(message/rfc822(text/plain:U3ViamVjdDogeAoKeA==\\n))", "an encoded message is not decoded");
  faults(FAULT(ENCODED_PARTS) | FAULT(HEADER), "an encoded message is a fault");
}

static void uuencode(void)
{
  reads("Subject: x\n\nhi\nbegin 644 a.exe\n#86)C\n`\nend\nbye\n", 0,
        "(text/plain:hi\\n(application/octet-stream a.exe:#86)C\\n`\\n):bye\\n)", "uuencode in text");
  faults(0, "uuencode is no fault");
  reads("\nbegin 644 a b.exe \n#86)C\nbye\n", 0,
        "(text/plain(application/octet-stream a b.exe:#86)C\\n):bye\\n)", "uuencode without an end");
  reads("\nbegin 644 a.exe\n#86)C", 0, "(text/plain(application/octet-stream a.exe:#86)C))",
        "uuencode at the end");
  reads("\nbegin-base64 644 a.exe\nYWJj\n====\nbye\n", 0,
        "(text/plain(application/octet-stream a.exe:YWJj\\n):bye\\n)", "base64 of uuencode");
  reads("\nbegin 644 a.exe\nno data here\n", 0, "(text/plain:begin 644 a.exe\\nno data here\\n)" , "no uu data");
  reads("\nbegin 12 a\n#86)C\n", 0, "(text/plain:begin 12 a\\n#86)C\\n)", "no mode");
  reads("\nbegin 644 \n#86)C\n", 0, "(text/plain:begin 644 \\n#86)C\\n)", "no name");
  reads("\n begin 644 a\n#86)C\n", 0, "(text/plain: begin 644 a\\n#86)C\\n)", "begin not at the beginning");
  reads(M "--b\n\nbegin 644 a.exe\n#86)C\n`\nend\n--b--\n", 0,
        "(multipart/mixed(text/plain(application/octet-stream a.exe:#86)C\\n`\\n)))", "uuencode before a boundary");
  reads(M "--b\n\nbegin 644 a.exe\n#86)C\n--b\n\nx\n--b--\n", 0,
        "(multipart/mixed(text/plain(application/octet-stream a.exe:#86)C))(text/plain:x))",
        "uuencode that a boundary ends");
}

static void lines(void)
{
  reads("a: b\r\n\r\nx\n", 0, "(text/plain:x\\n)", "lines that end in two ways");
  faults(FAULT(MIXED_LINES), "lines that end in two ways are a fault");
  reads("a: b\n\nx\ry\n", 0, "(text/plain:x\\ry\\n)", "a bare CR in the body");
  faults(FAULT(BARE_CR), "a bare CR in the body is a fault");
  reads("a: b\rc: d\n\nx\r\n", 0, "(text/plain:x\\r\\n)", "a bare CR in the header");
  faults(FAULT(BARE_CR) | FAULT(MIXED_LINES), "a bare CR in the header is a fault");
  reads("Subject: \344\n\nx", 0, "(text/plain:x)", "eight bits in a header");
  faults(FAULT(EIGHTBIT_HEADER), "eight bits in a header are a fault");
  reads("Subject: x\n\n\344", 0, "(text/plain:\344)", "eight bits in a body");
  faults(0, "eight bits in a body are no fault");
  put("a: b\n\n\0", 7);
  describe(&mime.header.raw, 0, MIME_BUFFER, MIME_BUFFER);
  faults(FAULT(NUL), "NUL is a fault");

  reads("a: b\nno field\nContent-Type: a/b; name=x\n\ny", 0,
        "(text/plain:37)", "a line that is no field ends the header");
  faults(FAULT(HEADER), "a line that is no field is a fault");
  reads("a: b\nno field\nContent-Type: a/b; name=x\n\ny", MIME_READ_JUNK,
        "(a/b x:y)", "who passes it over reads on");
  reads("no field\n more\n\ny", MIME_READ_JUNK, "(text/plain:y)", "no field at all");
  reads("a: b\rContent-Type: a/b; name=x\r\ry\r", 0, "(text/plain)", "CR is no line ending");
  reads("a: b\rContent-Type: a/b; name=x\r\ry\r", MIME_READ_CR, "(a/b x:y\\r)", "who takes it for one reads more");
  reads(V "Content-Type: multipart/mixed; boundary=b\r\r--b\r" "Content-Type: a/b; name=x\r\rx\r--b--\r",
        MIME_READ_CR, "(multipart/mixed(a/b x:x))", "a multipart with CR");
  reads("a: b\n \nContent-Type: a/b; name=x\n\ny", 0, "(a/b x:y)", "a line of blanks does not end a header");
}

static void sizes(void)
{
  static stralloc text, out;
  size_t i, bad, n;

  text.len = 0;
  for (i = 0; i < 50; ++i) cat(&text, "Content-Type: message/rfc822\n\n");
  cat(&text, "Content-Disposition: inline; filename=x\n\n");
  put(text.s, text.len);
  describe(&out, 0, MIME_BUFFER, MIME_BUFFER);
  ok(out.len > 55 && !memcmp(out.s + out.len - 53, " x))))", 6), "fifty messages in each other");
  text.len -= strlen("Content-Disposition: inline; filename=x\n\n");
  for (i = 0; i < 2; ++i) cat(&text, "Content-Type: message/rfc822\n\n");
  put(text.s, text.len);
  describe(&out, 0, MIME_BUFFER, MIME_BUFFER);
  ok(out.len > 30 && !memcmp(out.s + out.len - 24, "!parts more than 50 deep", 24), "and not more");

  text.len = 0;
  cat(&text, M);
  for (i = 0; i < 999; ++i) cat(&text, "--b\n\nx\n");
  put(text.s, text.len);
  describe(&out, 0, MIME_BUFFER, MIME_BUFFER);
  ok(mime.parts == 1000 && out.s[out.len - 1] == ')', "a thousand parts");
  cat(&text, "--b\n\nx\n");
  put(text.s, text.len);
  describe(&out, 0, MIME_BUFFER, MIME_BUFFER);
  ok(out.len > 30 && !memcmp(out.s + out.len - 21, "!more than 1000 parts", 21), "and not more");

  text.len = 0;
  cat(&text, M "--b\nContent-Type: a/b; name=");
  for (i = 0; i < 102000; ++i) cat(&text, "x");
  cat(&text, "\n\n");
  put(text.s, text.len);
  describe(&out, 0, MIME_BUFFER, MIME_BUFFER);
  ok(out.len > 102000 && out.s[out.len - 1] == ')', "a header of 100 KiB");
  text.len -= 2;
  for (i = 0; i < 1000; ++i) cat(&text, "x");
  put(text.s, text.len);
  describe(&out, 0, MIME_BUFFER, MIME_BUFFER);
  ok(out.len > 30 && !memcmp(out.s + out.len - 17, "!header too large", 17), "and not more");

  reads(V "Content-Type: multipart/mixed; boundary=a; boundary=b; boundary=c; boundary=d; boundary=e; boundary=f; boundary=g; boundary=h; boundary=i; "
        "boundary=j; boundary=k; boundary=l; boundary=m\n\n", 0, "!too many boundaries", "13 readings of a boundary");

  /* A boundary at every offset from the end of the buffer. */
  for (bad = 0, n = 2 * MIME_LOOK - 200; n < 2 * MIME_LOOK + 20; ++n) {
    text.len = 0;
    cat(&text, M "--b\n\n");
    for (i = 0; i < n; ++i) cat(&text, i % 70 == 69 ? "\n" : "x");
    cat(&text, "\r\n--b\r\n\r\nsecond\r\n--b--\r\n");
    put(text.s, text.len);
    describe(&out, 0, 2 * MIME_LOOK, MIME_BUFFER);
    bad += out.len < 21 || memcmp(out.s + out.len - 21, ")(text/plain:second))", 21);
  }
  ok(!bad, "a boundary anywhere in the buffer");

  text.len = 0;
  cat(&text, M "--b\n\n");
  for (i = 0; i < 200000; ++i) cat(&text, "x");
  cat(&text, "\n--b");
  for (i = 0; i < 200000; ++i) cat(&text, " ");
  cat(&text, "\nContent-Type: a/b; name=x\n\ny");
  put(text.s, text.len);
  describe(&out, 0, MIME_BUFFER, MIME_BUFFER);
  ok(equal(&out, "(multipart/mixed(text/plain:200000)(a/b x:y))"), "lines longer than the buffer");
  faults(FAULT(LONG_LINE) | FAULT(END_MISSING), "long lines are a fault");
}

/* What must hold of any events: parts nest, offsets grow, data lies inside its
 * part and in order, and the walk ends. */
static int sane(size_t size, int reading, size_t room)
{
  off_t begun[MIME_DEPTH + 1], at = 0;
  int depth = -1;
  unsigned int number = 0;
  size_t events;

  mime_open(&mime, file, 0);
  mime.reading = reading;
  mime.room = room;
  for (events = 0; events < 10 * size + 100; ++events) switch (mime_next(&mime)) {
    case MIME_PART:
      if (mime.part->number != ++number || (int) mime.part->depth != ++depth) return 0;
      if (mime.part->start < at || mime.part->body < mime.part->start) return 0;
      if (mime.part->body > (off_t) size) return 0;
      begun[depth] = at = mime.part->body;
      break;
    case MIME_DATA:
    case MIME_BETWEEN:
      if (!mime.len || (int) mime.part->depth != depth) return 0;
      at += (off_t) mime.len;
      if (at > (off_t) size) return 0;
      break;
    case MIME_END:
      if ((int) mime.part->depth != depth || mime.part->end < begun[depth]) return 0;
      if (mime.part->end > (off_t) size) return 0;
      at = mime.part->end;
      --depth;
      break;
    case MIME_OVER:
      return depth == -1 && number;
    case MIME_LIMIT:
      return 1;
    case MIME_FAILED:
      return 0;
  }
  return 0;
}

static void survives(void)
{
  static const char rich[] =
    V "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npre\r\n--b\r\nContent-Type: message/rfc822\r\n"
    "\r\nContent-Type: multipart/mixed; boundary=bb; name*0*=utf-8''%41\r\n\r\n--bb\r\n\r\nx\r\nbegin 644 a\r\n"
    "#86)C\r\n`\r\nend\r\n--bb--\r\n\r\n--b\r\nContent-Disposition: (c) attachment;\r\n filename=\"a\\\"b\"\r\n"
    "\r\nyyy\r\n--b--\r\nepi\r\n";
  static const char *const pieces[] = { "\r", "\n", "\r\n", "--b", "--", ";", "\"", "=", "\\", "(", "*", "\r\n\r\n",
                                        "--bb--", "begin 644 x\n", "", ":", " ", "Content-Type: message/rfc822" };
  char copy[2 * sizeof rich];
  size_t i, j, at, len, n, bad = 0;
  unsigned int seed = 2045;

  for (i = 0; i < 20000 && !bad; ++i) {
    memcpy(copy, rich, len = sizeof rich - 1);
    for (j = 0; j < 1 + i % 6; ++j) {
      seed = seed * 1103515245 + 12345;
      at = (seed >> 8) % len;
      seed = seed * 1103515245 + 12345;
      n = (seed >> 8) % (sizeof pieces / sizeof *pieces);
      if (len + strlen(pieces[n]) > sizeof copy) break;
      memmove(copy + at + strlen(pieces[n]), copy + at, len - at);
      memcpy(copy + at, pieces[n], strlen(pieces[n]));
      len += strlen(pieces[n]);
      if (!*pieces[n]) {
        memmove(copy + at, copy + at + 1, len - at - 1);
        --len;
      }
    }
    put(copy, len);
    bad += !sane(len, (int) (seed >> 16 & 3), MIME_LOOK + 2);
    if (bad) printf("# round %zu\n%.*s\n", i, (int) len, copy);
  }
  ok(!bad, "no mutilated message makes trouble");
}

int main(void)
{
  plain();
  multipart();
  readings();
  messages();
  uuencode();
  lines();
  sizes();
  survives();
  close(file);
  file = -1;
  mime_open(&mime, file, 0);
  ok(mime_next(&mime) == MIME_FAILED && mime_next(&mime) == MIME_FAILED, "read trouble is told");
  return done_testing();
}
