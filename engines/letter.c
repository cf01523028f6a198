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
};

static void begin(const struct mime *m, struct part *p)
{
  const struct content *c = &m->content;
  size_t i;

  p->fd = -1;
  readings_clear(&p->names);
  for (i = 0; i < c->names.count; ++i)
    if (!readings_add(&p->names, c->names.text.s + c->names.list[i].at, c->names.list[i].len)) stage_nomem();
  if (c->kinds & (CONTENT_MULTIPART | CONTENT_MESSAGE) && c->encodings & ~1u) look_flag(FLAG_UNSUPPORTED);
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
static unsigned long walk(struct mime *m, struct part *parts, int reading, const struct level *level)
{
  enum mime_event event;
  size_t i;

  m->reading = reading;
  while ((event = mime_next(m)) > MIME_OVER && event != MIME_LIMIT && !look_over()) {
    if (event == MIME_PART) begin(m, parts + m->part->depth);
    if (event == MIME_DATA) data(parts + m->part->depth, m->data, m->len);
    if (event == MIME_END) end(parts + m->part->depth, level);
  }
  if (event == MIME_FAILED) stage_diesys("unable to read an attachment");
  if (event == MIME_LIMIT) look_flag(FLAG_ENTRIES);
  for (i = 0; i <= MIME_DEPTH; ++i) end(parts + i, level);
  return m->faults;
}

void letter_look(int fd, const struct level *level)
{
  static struct room { struct mime mime; struct part parts[MIME_DEPTH + 1]; } *rooms[LOOK_DEPTH + 1];
  struct room *room = rooms[level->depth];
  unsigned long faults;
  int reading, others = 0;
  size_t i;

  if (!room && !(room = rooms[level->depth] = calloc(1, sizeof *room))) stage_nomem();
  for (i = 0; i <= MIME_DEPTH; ++i) room->parts[i].fd = -1;
  for (reading = 0; reading <= others; ++reading) {
    if (reading & ~others) continue;
    mime_open(&room->mime, fd, 0);
    faults = walk(&room->mime, room->parts, reading, level);
    if (reading) continue;
    if (faults & FAULT_BARE_CR) others |= MIME_READ_CR;
    if (faults & FAULT_HEADER) others |= MIME_READ_JUNK;
  }
}
