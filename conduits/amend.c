#include "amend.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "differ.h"
#include "dot.h"

/* The message as it goes on: its header, and where its body is. */
struct changed {
  struct header header;
  int fd;
  off_t body, size;
};

static int rebuild(const struct milter *m, struct changed *c)
{
  static struct outgoing o;
  static struct header inner;
  int r;

  o.start = 0;
  o.startlen = 0;
  if (!item_outgoing(&m->item, &o)) return 0;
  if (o.offset) {  /* all of the header is in memory, and the body is ours */
    c->fd = -1;
    return header_take(&c->header, o.head.s, o.head.len, "", 0) == 1;
  }
  if (lseek(o.fd, 0, SEEK_SET) == -1) return 0;
  r = header_read(&inner, o.fd);
  if (r == 0) errno = EFBIG;
  c->fd = o.fd;
  c->body = (off_t) inner.body;
  c->size = o.size;
  return r == 1 && header_take(&c->header, o.head.s, o.head.len, inner.raw.s, inner.end) == 1;
}

/* Is its body the one that came? 1, 0, or -1 with errno. */
static int same_body(const struct milter *m, const struct changed *c)
{
  static char ours[32768], theirs[32768];
  const struct item *i = &m->item;
  off_t at = (off_t) i->header.body, left = i->message.size - at;
  size_t n;

  if (c->fd == -1) return 1;
  if (c->size - c->body != left) return 0;
  for (; left; left -= (off_t) n, at += (off_t) n) {
    n = left < (off_t) sizeof ours ? (size_t) left : sizeof ours;
    if (copy_from(i->message.fd, ours, n, at) == -1 ||
        copy_from(c->fd, theirs, n, c->body + (at - (off_t) i->header.body)) == -1) return -1;
    if (memcmp(ours, theirs, n)) return 0;
  }
  return 1;
}

/* Append what comes out of the decoder to the packet at *place, and begin another when it is full. */
static int piece(struct milter *m, const char *bytes, size_t len, size_t *place)
{
  size_t room;

  for (; len; bytes += room, len -= room) {
    if (*place && m->out.len - *place > FRAME_PIECE) {
      frame_end(&m->out, *place);
      *place = 0;
      if (milter_flush(m) == -1) return 0;
    }
    if (!*place && !(*place = frame_begin(&m->out, MILTER_BODY))) return 0;
    room = FRAME_PIECE + 1 - (m->out.len - *place);
    if (room > len) room = len;
    if (!stralloc_catb(&m->out, bytes, room)) return 0;
  }
  return 1;
}

/* The new body; its lines end in CRLF, whatever the rewriter thinks. */
static int replace(struct milter *m, const struct changed *c)
{
  static char bytes[32768];
  size_t n, used, got, place = 0;
  const char *out;
  struct dot d;
  off_t at;

  dot_begin(&d, DOT_LINES);
  if (c->body == c->size && !frame_put(&m->out, MILTER_BODY, "", 0)) return 0;
  for (at = c->body; at < c->size; at += (off_t) n) {
    n = c->size - at < (off_t) sizeof bytes ? (size_t) (c->size - at) : sizeof bytes;
    if (copy_from(c->fd, bytes, n, at) == -1) return 0;
    for (used = 0; used < n;) {
      used += dot_next(&d, bytes + used, n - used, &out, &got);
      if (got && !piece(m, out, got, &place)) return 0;
    }
  }
  got = dot_end(&d, bytes);
  if (!piece(m, bytes, got, &place)) return 0;
  if (place) frame_end(&m->out, place);
  return 1;
}

static int told(struct milter *m)
{
  static struct changed c;
  struct differ d = { .old = &m->item.header, .fields = m->fields - 1, .new = &c.header, .blank = !!(m->offer.steps & OFFER_BLANK) };
  int same;

  if (!rebuild(m, &c)) return 0;
  if (!differ(&d, &m->out)) return 0;
  same = same_body(m, &c);
  return same == -1 ? 0 : same || replace(m, &c);
}

int amend_message(struct milter *m)
{
  unsigned long long sent = m->server.sent;
  size_t queued = m->out.len;

  if (told(m)) return 1;
  m->out.len = m->server.sent == sent ? queued : 0;
  return 0;
}

static int recipient(struct milter *m, char reply, const char *address, size_t len)
{
  size_t queued = m->out.len, place = frame_begin(&m->out, reply);
  int ok = place && stralloc_cats(&m->out, "<") && stralloc_catb(&m->out, address, len) && stralloc_catb(&m->out, ">", 2);

  if (ok) frame_end(&m->out, place);
  else m->out.len = queued;
  return ok;
}

int amend_recipients(struct milter *m, const char *where)
{
  const char *at = m->item.recipients.s, *end = at + m->item.recipients.len, *nl;
  uint32_t need = OFFER_RECIPIENT | OFFER_FORGET;
  int ok = (m->offer.actions & need) == need;

  if (!ok) errno = EOPNOTSUPP;
  for (; ok && at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    ok = recipient(m, MILTER_FORGET_RECIPIENT, at, (size_t) (nl - at));
  }
  return ok && recipient(m, MILTER_ADD_RECIPIENT, where, strlen(where));
}
