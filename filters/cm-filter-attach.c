/* cm-filter-attach: pass, block or drop attachments by their names. What is
 * blocked is cut out of the message and a note put in its place; for what is
 * dropped the whole message is refused. The rules are in cm-attach(5). It does
 * not look into what attachments contain. */

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "copy.h"
#include "cut.h"
#include "escape.h"
#include "mime.h"
#include "stage.h"

enum {
  NESTED = 5,    /* encoded multiparts and messages inside each other */
  NAME   = 60,   /* bytes of a name that are shown, from both ends */
  REASON = 200   /* bytes of names in a reason, but for the last */
};

static struct attach rules;
static struct mime walks[NESTED + 1];
static struct cut room[CUT_MAX];
static struct cuts cuts = { .list = room };
static stralloc dropped;   /* the first name that drops the message, 0-terminated */
static const char *limit;  /* the first limit that was hit */
static off_t budget = -1;  /* bytes that may still be decoded; -1: not known yet */

/* Parts that are open: what was decided when they began. */
static struct open {
  int answer;
  stralloc name;
} opened[NESTED + 1][MIME_DEPTH + 1];

/* Put the name that decided into shown, or the type of what has none, such that
 * it fits on a line: of a long one beginning and end. */
static void show(const struct content *c, size_t which, stralloc *shown)
{
  const char *text = c->type.s;
  size_t len = c->type.len, head, tail;

  shown->len = 0;
  if (c->names.count) {
    text = c->names.text.s + c->names.list[which].at;
    len = c->names.list[which].len;
  } else if (!stralloc_cats(shown, "of type ")) stage_nomem();
  head = len > 2 * NAME ? NAME : len;
  tail = len > 2 * NAME ? NAME : 0;
  if (!escape_cat(shown, text, head, "=") || (tail && !stralloc_cats(shown, "...")) ||
      !escape_cat(shown, text + len - tail, tail, "=")) stage_nomem();
  if (shown->len <= 2 * NAME + 3) return;
  memmove(shown->s + NAME + 3, shown->s + shown->len - NAME, NAME);
  memcpy(shown->s + NAME, "...", 3);
  shown->len = 2 * NAME + 3;
}

/* An attachment is what has a name, what says so, and what is neither text nor
 * made of other parts. */
static int is_attachment(const struct content *c)
{
  size_t i;

  for (i = 0; i < c->names.count; ++i)
    if (c->names.list[i].len) return 1;
  return c->attached || c->kinds & CONTENT_OTHER;
}

static void decide(struct open *open, int answer)
{
  open->answer = answer;
  if (answer == ATTACH_DROP && !dropped.len &&
      (!stralloc_copy(&dropped, &open->name) || !stralloc_0(&dropped))) stage_nomem();
}

/* A part has begun. Returns the answer about it. */
static int begin(struct open *open, const struct content *c)
{
  size_t which;
  int answer = ATTACH_PASS;

  if (is_attachment(c)) answer = attach_ask(&rules, &c->names, &which);
  if (answer == -1) stage_nomem();
  if (answer != ATTACH_PASS) show(c, which, &open->name);
  decide(open, answer);
  return answer;
}

/* Decode the body of a part into a file of its own. A multipart gets its
 * Content-Type fields before it. */
static int unpack(int fd, const struct mime_part *part, enum transfer_kind kind)
{
  static char in[16384], out[16384 + 4];
  struct transfer transfer = { .kind = kind };
  static struct header h;
  struct field f = { 0 };
  off_t at = part->start;
  size_t want;
  ssize_t r;
  int to = memfd_create("part", MFD_CLOEXEC);

  if (to == -1) stage_diesys("unable to create a file");
  if (part->kinds & CONTENT_MULTIPART) {
    h.raw.len = 0;
    want = (size_t) (part->body - part->start);
    if (!stralloc_ready(&h.raw, want + 1)) stage_nomem();
    if (pread(fd, h.raw.s, want, at) != (ssize_t) want) stage_diesys("unable to read message");
    h.end = h.raw.len = want;
    while (header_next(&h, &f))
      if (field_is(&f, "content-type") && copy_write(to, f.start, f.len) == -1)
        stage_diesys("unable to write a part");
    if (copy_write(to, "\n", 1) == -1) stage_diesys("unable to write a part");
  }
  for (at = part->body; at <= part->end; at += r) {
    want = part->end - at < (off_t) sizeof in ? (size_t) (part->end - at) : sizeof in;
    r = want ? pread(fd, in, want, at) : 0;
    if (r == -1 || (want && !r)) stage_diesys("unable to read message");
    if (copy_write(to, out, transfer_decode(&transfer, in, (size_t) r, out)) == -1)
      stage_diesys("unable to write a part");
    if (!r) break;
  }
  return to;
}

static off_t size(int fd)
{
  struct stat st;

  if (fstat(fd, &st) == -1) stage_diesys("unable to read message");
  return st.st_size;
}

/* May so much be decoded? Four times the message in all: who needs more hides
 * something. */
static int affordable(off_t bytes)
{
  if (budget == -1) budget = 4 * size(walks[0].fd);
  if (bytes > budget) return 0;
  budget -= bytes;
  return 1;
}

static int inspect(int fd, off_t start, unsigned int level);

/* A multipart or message that is encoded, which RFC 2045 forbids and readers
 * decode: what is found inside is found in all of it. */
static void look_inside(int fd, const struct mime_part *part, unsigned int level, struct open *open)
{
  enum transfer_kind kind;
  int inner, worst;

  for (kind = TRANSFER_QUOTED; kind <= TRANSFER_UU; ++kind) {
    if (!(part->encodings >> kind & 1)) continue;
    if (level == NESTED || !affordable(part->end - part->body)) {
      if (!limit) limit = "too much encoded inside each other";
      return;
    }
    inner = unpack(fd, part, kind);
    worst = inspect(inner, 0, level + 1);
    close(inner);
    if (worst <= open->answer) continue;
    if (!stralloc_copys(&open->name, "inside an encoded part")) stage_nomem();
    decide(open, worst);
  }
}

/* A part is over. Returns the answer about it. */
static int end(int fd, const struct mime_part *part, unsigned int level)
{
  struct open *open = opened[level] + part->depth;

  if (part->kinds & (CONTENT_MULTIPART | CONTENT_MESSAGE)) look_inside(fd, part, level, open);
  if (open->answer == ATTACH_BLOCK && !level)
    switch (cut_add(&cuts, part, open->name.s, open->name.len)) {
      case 0: if (!limit) limit = "too many attachments"; break;
      case -1: stage_nomem();
    }
  return open->answer;
}

/* Walk through a message in one reading. Returns the worst answer. */
static int walk(int fd, off_t start, int reading, unsigned int level)
{
  struct mime *m = walks + level;
  enum mime_event event;
  int answer, worst = ATTACH_PASS;

  mime_open(m, fd, start);
  m->reading = reading;
  if (level) m->parts = walks[level - 1].parts;
  while ((event = mime_next(m)) > MIME_OVER && event != MIME_LIMIT) {
    if (event == MIME_PART) answer = begin(opened[level] + m->part->depth, &m->content);
    else if (event == MIME_END) answer = end(fd, m->part, level);
    else continue;
    if (answer > worst) worst = answer;
  }
  if (event == MIME_FAILED) stage_diesys("unable to read message");
  if (event == MIME_LIMIT && !limit) limit = m->limit;
  if (level) walks[level - 1].parts = m->parts;
  return worst;
}

/* The worst answer about the message that begins in fd at start, in all of its
 * readings. */
static int inspect(int fd, off_t start, unsigned int level)
{
  int answer, reading, worst = walk(fd, start, 0, level), others = 0;

  if (walks[level].faults & FAULT_BARE_CR) others |= MIME_READ_CR;
  if (walks[level].faults & FAULT_HEADER) others |= MIME_READ_JUNK;
  for (reading = 1; reading <= others; ++reading) {
    if (reading & ~others) continue;
    answer = walk(fd, start, reading, level);
    if (answer > worst) worst = answer;
  }
  return worst;
}

/* What was cut out, for the reason: some names and how many more there are. */
static void list(stralloc *names)
{
  size_t i;

  for (i = 0; i < cuts.count && names->len < REASON; ++i)
    if ((i && !stralloc_cats(names, ", ")) ||
        !stralloc_cats(names, cuts.names.s + cuts.list[i].name)) stage_nomem();
  if (i < cuts.count && (!stralloc_cats(names, " and ") ||
      !stralloc_number(names, cuts.count - i) || !stralloc_cats(names, " more"))) stage_nomem();
  if (!stralloc_0(names)) stage_nomem();
}

/* The message goes on, or to the quarantine as it came. */
static void hand_on(int fd, off_t start, int verdict)
{
  int done = 1;

  if (verdict_delivers(verdict) && cuts.count)
    done = cut_write(fd, start, size(fd) - start, &cuts, &rules.note, 1);
  else if (verdict_delivers(verdict) || verdict_redirects(verdict)) done = copy_rest(fd, 1);
  if (done == -1) stage_diesys("unable to write message");
}

static const char *code(int verdict)
{
  return verdict_refuses(verdict) ? "5.7.1 " : "2.7.1 ";
}

int main(int argc, char **argv)
{
  static stralloc error, names;
  off_t start;
  int fd = 0, worst, verdict;

  stage_begin("cm-filter-attach", 3);
  if (argc != 2) stage_die("usage: cm-filter-attach RULES");
  switch (attach_read(argv[1], &rules, &error)) {
    case 0: stage_die("unable to read ", argv[1], ": no such file");
    case -1: stage_die(error.len ? error.s : "out of memory");
  }

  start = lseek(0, 0, SEEK_CUR);
  if (start == -1) {
    start = 0;
    fd = memfd_create("message", MFD_CLOEXEC);
    if (fd == -1 || copy_rest(0, fd) == -1 || lseek(fd, 0, SEEK_SET) == -1)
      stage_diesys("unable to read message");
  }
  worst = inspect(fd, start, 0);
  if (!cut_settle(&cuts) && !limit) limit = "attachments that overlap";

  verdict = worst == ATTACH_DROP ? rules.droppolicy : cuts.count ? rules.blockpolicy : VERDICT_DELIVER;
  if (limit && verdict_rank(rules.limitpolicy) > verdict_rank(verdict)) {
    hand_on(fd, start, rules.limitpolicy);
    stage_end(rules.limitpolicy, code(rules.limitpolicy), "attachments cannot be checked: ", limit);
  }
  hand_on(fd, start, verdict);
  if (worst == ATTACH_DROP)
    stage_end(verdict, code(verdict), "attachment ", dropped.s, " is not accepted here");
  if (!cuts.count) return VERDICT_DELIVER;
  list(&names);
  stage_end(verdict, code(verdict), cuts.count > 1 ? "attachments" : "attachment", " removed: ", names.s);
}
