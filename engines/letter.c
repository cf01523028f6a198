#include "letter.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "inside.h"
#include "mime.h"
#include "stage.h"

enum { CHUNK = 8192 };

/* A part that is open. */
struct part {
  int fd;                    /* -1: it is not kept */
  struct readings names;
  struct transfer transfer;
  unsigned int encodings;    /* of a message or multipart that is encoded, which RFC 2045 forbids */
  stralloc head;             /* what a file of its own of that must begin with */
};

/* A message brings its header; a multipart needs to know its boundary. */
static void begin_encoded(const struct mime *m, struct part *p)
{
  struct field f = { 0 };

  p->encodings = m->content.encodings & ~(1u << TRANSFER_PLAIN);
  p->head.len = 0;
  if (!p->encodings || !(m->content.kinds & CONTENT_MULTIPART)) return;
  while (header_next(&m->header, &f))
    if (field_is(&f, "content-type") && !stralloc_catb(&p->head, f.start, f.len)) stage_nomem();
  if (!stralloc_append(&p->head, "\n")) stage_nomem();
}

static void begin(const struct mime *m, struct part *p)
{
  const struct content *c = &m->content;
  size_t i;

  p->fd = -1;
  p->encodings = 0;
  if (c->kinds & (CONTENT_MULTIPART | CONTENT_MESSAGE) && !m->part->uu) begin_encoded(m, p);
  readings_clear(&p->names);
  for (i = 0; i < c->names.count; ++i)
    if (!readings_add(&p->names, c->names.text.s + c->names.list[i].at, c->names.list[i].len))
      stage_nomem();
  if (!p->names.count && !c->attached && !(c->kinds & CONTENT_OTHER)) return;
  if (c->kinds & CONTENT_MULTIPART || !look_entry()) return;
  p->transfer = (struct transfer) { .kind = m->part->encoding };
  p->fd = look_file();
}

static void data(struct part *p, const char *bytes, size_t len)
{
  char out[CHUNK + 4];
  size_t n, made;

  if (p->fd == -1) return;
  do {
    n = len < CHUNK ? len : CHUNK;
    made = transfer_decode(&p->transfer, bytes, n, out);
    if (!look_spend(made)) return;
    if (copy_write(p->fd, out, made) == -1) stage_diesys("unable to write an entry");
    bytes += n;
    len -= n;
  } while (len);
}

/* What is behind one of the encodings, as a message of its own. */
static void decode(int fd, const struct mime_part *part, const struct part *p,
                   enum transfer_kind kind, const struct level *level)
{
  char in[CHUNK];
  struct part inner = { .fd = look_file(), .transfer = { .kind = kind } };
  off_t at;
  ssize_t r;

  if (copy_write(inner.fd, p->head.s, p->head.len) == -1) stage_diesys("unable to write an entry");
  for (at = part->body; at < part->end; at += r) {
    r = pread(fd, in, part->end - at < CHUNK ? (size_t) (part->end - at) : CHUNK, at);
    if (r == -1) stage_diesys("unable to read an attachment");
    if (!r) break;
    data(&inner, in, (size_t) r);
  }
  data(&inner, "", 0);
  letter_look(inner.fd, level);
  close(inner.fd);
}

static void end_encoded(int fd, const struct mime_part *part, const struct part *p,
                        const struct level *level)
{
  enum transfer_kind kind;
  struct level deeper;

  for (kind = TRANSFER_QUOTED; kind <= TRANSFER_UU; ++kind)
    if (p->encodings >> kind & 1 && look_entry() && look_enter(level->depth + 1, &deeper))
      decode(fd, part, p, kind, &deeper);
}

static void end(struct part *p, const struct level *level)
{
  const char *word;
  size_t i;

  if (p->fd == -1) return;
  data(p, "", 0);
  word = inside_entry(p->fd, p->names.count ? p->names.text.s + p->names.list[0].at : "",
                      p->names.count ? p->names.list[0].len : 0, level);
  for (i = 1; i < p->names.count; ++i)
    look_name(level, word, p->names.text.s + p->names.list[i].at, p->names.list[i].len);
  close(p->fd);
  p->fd = -1;
}

/* One reading. Returns the faults. */
static unsigned long walk(int fd, struct mime *m, struct part *parts, int reading,
                          const struct level *level)
{
  enum mime_event event;
  size_t i;

  m->reading = reading;
  while ((event = mime_next(m)) > MIME_OVER && event != MIME_LIMIT && !look_over()) {
    if (event == MIME_PART) begin(m, parts + m->part->depth);
    if (event == MIME_DATA) data(parts + m->part->depth, m->data, m->len);
    if (event == MIME_END && parts[m->part->depth].encodings)
      end_encoded(fd, m->part, parts + m->part->depth, level);
    if (event == MIME_END) end(parts + m->part->depth, level);
  }
  if (event == MIME_FAILED) stage_diesys("unable to read an attachment");
  if (event == MIME_LIMIT) look_flag(FLAG_ENTRIES);
  for (i = 0; i <= MIME_DEPTH; ++i) end(parts + i, level);
  return m->faults;
}

void letter_look(int fd, const struct level *level)
{
  static struct room {
    struct mime mime;
    struct part parts[MIME_DEPTH + 1];
  } *rooms[LOOK_DEPTH + 1];
  struct room *room = rooms[level->depth];
  unsigned long long faults;
  int reading, others = 0;
  size_t i;

  if (!room && !(room = rooms[level->depth] = calloc(1, sizeof *room))) stage_nomem();
  for (i = 0; i <= MIME_DEPTH; ++i) room->parts[i].fd = -1;
  for (reading = 0; reading <= others; ++reading) {
    if (reading & ~others) continue;
    mime_open(&room->mime, fd, 0);
    faults = walk(fd, &room->mime, room->parts, reading, level);
    if (reading) continue;
    others = mime_readings(faults);
  }
}
