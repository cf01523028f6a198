#include "prepare.h"

#include <string.h>

#include "copy.h"
#include "edit.h"
#include "verdict.h"

/* Nothing in the message need say it, and release needs it. */
static int addressed(const struct prepare *p, stralloc *head)
{
  const char *at = p->recipients->s, *end = at + p->recipients->len, *nl, *eol = edit_ending(p->header);
  int ok = stralloc_cats(head, "X-CleanMail-Sender: <") && stralloc_cats(head, p->sender) && stralloc_cats(head, ">") &&
           stralloc_cats(head, eol);

  for (; ok && at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    ok = stralloc_cats(head, "X-CleanMail-Recipient: <") && stralloc_catb(head, at, (size_t) (nl - at)) &&
         stralloc_cats(head, ">") && stralloc_cats(head, eol);
  }
  return ok;
}

/* The header that the pipeline left. */
static int new_header(const struct spool *filtered, stralloc *head)
{
  size_t len = (size_t) filtered->size;

  if (!stralloc_readyplus(head, len) || copy_from(filtered->fd, head->s + head->len, len, 0) == -1) return 0;
  head->len += len;
  return 1;
}

int prepare(const struct prepare *p, struct outgoing *o)
{
  struct edit edit = { .result = p->result->text.s, .id = p->id };
  const struct spool *m = p->message;

  o->head.len = 0;
  if (p->filtered->fd != -1 && verdict_redirects(p->result->verdict) && !addressed(p, &o->head)) return 0;
  if (p->filtered->fd != -1 && !p->header_only) {
    o->fd = p->filtered->fd;
    o->offset = 0;
    o->size = p->filtered->size;
    o->startlen = 0;
    o->plain = 0;
    return 1;
  }
  o->fd = m->fd;
  o->offset = (off_t) p->header->body;
  o->size = m->size;
  if (spool_whole(m)) {
    o->start = m->wait + (p->header->body - m->toplen);
    o->startlen = (size_t) (o->size - o->offset);
  } else {
    o->start = p->header->raw.s + p->header->body;
    o->startlen = p->header->raw.len - p->header->body;
  }
  o->plain = p->plain;
  return p->header_only ? new_header(p->filtered, &o->head) : edit_header(p->header, &edit, &o->head);
}
