/* The canonical forms of DKIM, whole and byte by byte; lists of tags. */

#include "canon.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tags.h"
#include "tap.h"

static stralloc form;

static void put(void *to, const char *bytes, size_t len)
{
  stralloc_catb(to, bytes, len);
}

/* The form of a body that comes in pieces of so many bytes. */
static int body(enum canon kind, const char *text, size_t len, size_t piece, const char *want)
{
  struct canon_body b = { .kind = kind, .put = put, .to = &form };
  size_t i;

  form.len = 0;
  for (i = 0; i < len; i += piece) canon_add(&b, text + i, len - i < piece ? len - i : piece);
  canon_end(&b);
  return form.len == strlen(want) && b.size == form.len && !memcmp(form.s ? form.s : "", want, form.len);
}

static void body_is(const char *text, const char *simple, const char *relaxed)
{
  size_t piece, len = strlen(text);
  int good = 1;

  for (piece = 1; piece <= len + 1; ++piece)
    good &= body(CANON_SIMPLE, text, len, piece, simple) && body(CANON_RELAXED, text, len, piece, relaxed);
  ok(good, "a body has its forms, in whatever pieces it comes");
  if (!good) printf("# %s\n", text);
}

static void bodies(void)
{
  body_is("", "\r\n", "");
  body_is("\r\n\r\n", "\r\n", "");
  body_is(" \r\n\t", " \r\n\t\r\n", "");
  body_is("x", "x\r\n", "x\r\n");
  body_is("x\r\n\r\n\r\n", "x\r\n", "x\r\n");
  body_is("\r\n\r\nx\r\n", "\r\n\r\nx\r\n", "\r\n\r\nx\r\n");
  body_is("x \t y\t\r\n \r\n", "x \t y\t\r\n \r\n", "x y\r\n");
  body_is(" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n");  /* RFC 6376, 3.4.5 */
  body_is("a\nb\n\n", "a\r\nb\r\n", "a\r\nb\r\n");
  body_is("a\rb \r\rc\r", "a\rb \r\rc\r\r\n", "a\rb \r\rc\r\r\n");
}

static void field_is_(const char *text, const char *simple, const char *relaxed, const char *name)
{
  static struct header h;
  struct field f = { 0 };
  const char *cut;
  int fd = memfd_create("header", MFD_CLOEXEC), good;

  good = write(fd, text, strlen(text)) == (ssize_t) strlen(text) && lseek(fd, 0, SEEK_SET) == 0 &&
         header_read(&h, fd) == 1 && header_next(&h, &f);
  close(fd);
  cut = good ? memchr(f.value, '<', f.valuelen) : 0;
  form.len = 0;
  good = good && canon_field(CANON_SIMPLE, &f, cut, cut ? strchr(cut, '>') + 1 : 0, &form) && stralloc_0(&form) &&
         !strcmp(form.s, simple);
  form.len = 0;
  good = good && canon_field(CANON_RELAXED, &f, cut, cut ? strchr(cut, '>') + 1 : 0, &form) && stralloc_0(&form) &&
         !strcmp(form.s, relaxed);
  ok(good, name);
}

static void fields(void)
{
  field_is_("A: X\r\n", "A: X\r\n", "a:X\r\n", "a field");
  field_is_("B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n", "that of RFC 6376, 3.4.5");
  field_is_("Ab:\n c\n", "Ab:\r\n c\r\n", "ab:c\r\n", "lines that end in LF");
  field_is_("A:", "A:\r\n", "a:\r\n", "an empty one without an end");
  field_is_("A:\r\n \t\r\n", "A:\r\n \t\r\n", "a:\r\n", "one of blanks");
  field_is_("D: a=b; b=<x\r\n\ty>; c=d\r\n", "D: a=b; b=; c=d\r\n", "d:a=b; b=; c=d\r\n", "a value cut out");
  field_is_("D: a=b; b= <x> \r\n", "D: a=b; b=  \r\n", "d:a=b; b=\r\n", "at the end");
}

static int reads(const char *text, int result, size_t count)
{
  static struct tags t;

  return tags_read(&t, text, strlen(text)) == result && t.count == count;
}

static int items(const char *text, const char *want)
{
  struct tag t = { .value = text, .len = strlen(text) };
  const char *at = 0, *item;
  size_t len;

  form.len = 0;
  while (tags_item(&t, &at, &item, &len)) stralloc_catb(&form, item, len), stralloc_append(&form, "|");
  return form.len == strlen(want) && !memcmp(form.s, want, form.len);
}

static void lists(void)
{
  static const char text[] = "v=1; a =\r\n\tb c ;x_1=;";
  static struct tags t;
  const struct tag *a;

  ok(tags_read(&t, text, sizeof text - 1) && t.count == 3, "tags are read");
  a = tags_find(&t, "a");
  ok(a && a->len == 3 && !memcmp(a->value, "b c", 3) && a->rawlen == 7 && *a->raw == '\r', "without and with the blanks");
  ok(tags_find(&t, "x_1") && !tags_find(&t, "x_1")->len && !tags_find(&t, "V") && !tags_find(&t, "x"), "by their names");
  ok(tags_is(a, "B C") && !tags_is(a, "b") && !tags_is(0, "b"), "values in any case");
  ok(reads("", 1, 0) && reads(" ; ", 0, 0) && reads("a=1;;b=2", 0, 2) && reads("a=1; ", 1, 1), "empty ones");
  ok(reads("a", 0, 0) && reads("=a", 0, 0) && reads("1a=b", 0, 0) && reads("a b=c", 0, 0) && reads("a-b=c;d=e", 0, 1),
     "names that are none");
  ok(reads("a=1;a=2", 0, 1) && reads("a=\001;b=1", 0, 1), "a name twice, a control character");
  ok(items("a : b:c", "a|b|c|") && items("", "") && items("a::b:", "a||b||") && items("a", "a|"), "lists with : between");
  a = &(struct tag) { .value = "sha1:SHA256", .len = 11 };
  ok(tags_lists(a, "sha256") && !tags_lists(a, "sha") && !tags_lists(a, ""), "a word in one");
}

int main(void)
{
  bodies();
  fields();
  lists();
  return done_testing();
}
