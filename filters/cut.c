#include "cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "copy.h"

static const char usual[] =
  "An attachment was removed from this message because it may do harm:\n";

int cut_add(struct cuts *cuts, const struct mime_part *part, const char *name, size_t len)
{
  struct cut *cut = cuts->list + cuts->count;

  if (cuts->count == CUT_MAX) return 0;
  cut->start = part->start;
  cut->body = part->body;
  cut->end = part->end;
  cut->kind = part->uu ? CUT_UU : part->message ? CUT_MESSAGE : CUT_PART;
  cut->name = cuts->names.len;
  ++cuts->count;
  return stralloc_catb(&cuts->names, name, len) && stralloc_0(&cuts->names) ? 1 : -1;
}

/* By beginning, and of two that begin together the larger one first. */
static int order(const void *a, const void *b)
{
  const struct cut *x = a, *y = b;

  if (x->start != y->start) return x->start < y->start ? -1 : 1;
  return x->end == y->end ? 0 : x->end > y->end ? -1 : 1;
}

int cut_settle(struct cuts *cuts)
{
  struct cut *list = cuts->list;
  size_t i, n = 0;

  if (cuts->count) qsort(list, cuts->count, sizeof *list, order);
  for (i = 0; i < cuts->count; ++i) {
    if (n && list[i].end <= list[n - 1].end && list[i].start < list[n - 1].end) continue;
    if (n && list[i].start < list[n - 1].end) return 0;
    list[n++] = list[i];
  }
  cuts->count = n;
  return 1;
}

/* Copy what stands in fd between two offsets, by the kernel if it can. */
static int between(int fd, off_t at, off_t end, int to)
{
  static char bytes[65536];
  ssize_t r = 0;

  while (at < end) {
    if (r != -1) r = sendfile(to, fd, &at, (size_t) (end - at));
    if (r > 0) continue;
    if (r == -1 && (errno == EIO || errno == ENOSPC || errno == EDQUOT)) return -1;
    r = pread(fd, bytes, end - at < (off_t) sizeof bytes ? (size_t) (end - at) : sizeof bytes, at);
    if (r == -1 && errno == EINTR) continue;
    if (!r) errno = EIO;  /* the file has become shorter */
    if (r <= 0 || copy_write(to, bytes, (size_t) r) == -1) return -1;
    at += r;
    r = -1;
  }
  return 1;
}

/* Does the first line end in CRLF, or is there none? */
static int crlf(int fd, off_t start)
{
  static char bytes[8192];
  const char *nl;
  ssize_t r;

  do r = pread(fd, bytes, sizeof bytes, start); while (r == -1 && errno == EINTR);
  nl = r > 0 ? memchr(bytes, '\n', (size_t) r) : 0;
  return !nl || (nl > bytes && nl[-1] == '\r');
}

/* Append text, each line with the message's line ending. */
static int lines(stralloc *out, const char *text, size_t len, int cr)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if ((cr && text[i] == '\n' && !stralloc_append(out, "\r")) || !stralloc_append(out, text + i))
      return 0;
  return 1;
}

/* The length of the empty line at the end of a header, 0 if it has none. */
static size_t empty(const char *s, size_t len)
{
  size_t n = len && s[len - 1] == '\n' ? 1 : 0;

  if (n && len > 1 && s[len - 2] == '\r') n = 2;
  return n && (n == len || s[len - n - 1] == '\n') ? n : 0;
}

/* The fields of the header of a message that are not about its content. */
static int keep(int fd, const struct cut *cut, stralloc *out, int *version)
{
  static struct header h;
  struct field f = { 0 };
  const char *from = 0;
  size_t want = (size_t) (cut->body - cut->start), at;
  ssize_t r;

  if (!stralloc_ready(&h.raw, want + 1)) return 0;
  for (h.raw.len = 0; h.raw.len < want; h.raw.len += (size_t) r) {
    r = pread(fd, h.raw.s + h.raw.len, want - h.raw.len, cut->start + (off_t) h.raw.len);
    if (r == -1 && errno == EINTR) r = 0;
    else if (r <= 0) return 0;
  }
  h.end = h.raw.len - empty(h.raw.s, h.raw.len);
  for (; header_next(&h, &f); from = f.start) {
    if (!from && !stralloc_catb(out, h.raw.s, (size_t) (f.start - h.raw.s))) return 0;
    if (f.namelen > 8 && !case_diffb(f.name, 8, "content-")) continue;
    if (field_is(&f, "mime-version")) *version = 1;
    at = out->len;
    if (!stralloc_catb(out, f.start, f.len)) return 0;
    /* For some readers a field about content may stand behind a bare CR. */
    for (; at + 1 < out->len; ++at)
      if (out->s[at] == '\r' && out->s[at + 1] != '\n') out->s[at] = ' ';
  }
  return 1;
}

/* What takes the place of a part. */
static int replace(int fd, const struct cut *cut, const char *name, const stralloc *note, int cr,
                   stralloc *out)
{
  static stralloc text;
  int version = 1;

  out->len = text.len = 0;
  if (cut->kind == CUT_MESSAGE) {
    version = 0;
    if (!keep(fd, cut, out, &version)) return 0;
    if (out->len && out->s[out->len - 1] != '\n' && !lines(out, "\n", 1, cr)) return 0;
  }
  if (!version && !stralloc_cats(&text, "MIME-Version: 1.0\n")) return 0;
  if (cut->kind != CUT_UU && !stralloc_cats(&text,
      "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n")) return 0;
  if (cut->kind == CUT_UU) return
    stralloc_cats(&text, "[attachment removed: ") && stralloc_cats(&text, name) &&
    stralloc_cats(&text, "]\n") && lines(out, text.s, text.len, cr);
  if (note->len ? !stralloc_cat(&text, note) : !stralloc_cats(&text, usual)) return 0;
  if (text.s[text.len - 1] != '\n' && !stralloc_append(&text, "\n")) return 0;
  return stralloc_cats(&text, name) && stralloc_cats(&text, "\n") && lines(out, text.s, text.len, cr);
}

int cut_write(int fd, off_t start, off_t size, const struct cuts *cuts, const stralloc *note, int to)
{
  static stralloc out;
  const struct cut *cut;
  off_t at = start;
  int cr = crlf(fd, start);

  for (cut = cuts->list; cut < cuts->list + cuts->count; ++cut) {
    if (between(fd, at, cut->start, to) == -1) return -1;
    if (!replace(fd, cut, cuts->names.s + cut->name, note, cr, &out)) {
      errno = ENOMEM;
      return -1;
    }
    if (copy_write(to, out.s, out.len) == -1) return -1;
    at = cut->end;
  }
  return between(fd, at, start + size, to);
}
