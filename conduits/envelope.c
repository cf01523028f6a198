#include "envelope.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

#define ADDRESS_MAX 1002    /* bytes, as in qmail-queue */
#define ALL_MAX 16777216    /* bytes of all of it; cm-pipeline takes no more */

/* The address that comes now. What ends a line would make two of one address. */
struct reading {
  stralloc address;  /* with its letter */
  int sender;        /* there was one */
  int strange;
};

static enum envelope_end ended(struct item *item, struct reading *r)
{
  static stralloc sender;
  stralloc *a = &r->address;
  int is_sender = !r->sender;

  if (!a->len || *a->s != (is_sender ? 'F' : 'T')) return ENVELOPE_BROKEN;
  r->sender = 1;
  if (is_sender) {
    if (!stralloc_copyb(&sender, a->s + 1, a->len - 1) || !stralloc_0(&sender)) return ENVELOPE_NOMEMORY;
    item->sender = sender.s;
  } else if (!item_recipient(item, a->s + 1, a->len - 1)) return ENVELOPE_NOMEMORY;
  a->len = 0;
  return ENVELOPE_WHOLE;
}

static enum envelope_end take(struct reading *r, const char *bytes, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if ((unsigned char) bytes[i] < 32 || bytes[i] == 127) r->strange = 1;
  if (!r->address.len && *bytes != (r->sender ? 'T' : 'F')) return ENVELOPE_BROKEN;
  if (r->address.len + len > 1 + ADDRESS_MAX) return ENVELOPE_LONG;
  return stralloc_catb(&r->address, bytes, len) ? ENVELOPE_WHOLE : ENVELOPE_NOMEMORY;
}

enum envelope_end envelope_read(struct item *item, int fd)
{
  static char bytes[4096];
  static struct reading r;
  const char *at, *end, *nul;
  enum envelope_end e = ENVELOPE_WHOLE;
  size_t all = 0;
  ssize_t n;

  for (;;) {
    n = read(fd, bytes, sizeof bytes);
    if (n == -1 && errno == EINTR && !stream_stopped) continue;
    if (n <= 0) {
      if (!n) errno = 0;
      return ENVELOPE_UNREAD;
    }
    all += (size_t) n;
    if (all > ALL_MAX) return ENVELOPE_LARGE;
    for (at = bytes, end = bytes + n; e == ENVELOPE_WHOLE && at < end; at = nul + 1) {
      nul = memchr(at, 0, (size_t) (end - at));
      if (nul == at && !r.address.len && r.sender) return !item->recipients.len ? ENVELOPE_BROKEN : r.strange ? ENVELOPE_STRANGE : e;
      if (nul != at) e = take(&r, at, (size_t) ((nul ? nul : end) - at));
      if (!nul) break;
      if (e == ENVELOPE_WHOLE) e = ended(item, &r);
    }
    if (e != ENVELOPE_WHOLE) return e;
  }
}
