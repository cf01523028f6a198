#include "inspect.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attachment.h"
#include "pkcs7.h"
#include "spell.h"
#include "stage.h"
#include "unpack.h"

enum {
  NESTED = 6,      /* encoded parts and attached messages inside each other */
  SLICE  = 4096,   /* bytes that are decoded at a time */
  ROOM   = 32768,  /* bytes of the message in memory */
  LATER  = 3       /* lines before a file */
};

static struct inspection *all;
static struct mime walks[NESTED + 1];  /* mostly the first, and its first pages */
static struct attachment opened[NESTED + 1][MIME_DEPTH + 1];
static struct mime_part outer;   /* of the message itself: what is to be cut out for what is inside it */
static off_t budget;             /* bytes that may still be decoded again */

/* May so much be kept a second time? Eight times the message in all: who needs more hides
 * something. */
static int affordable(off_t bytes)
{
  if (bytes > budget) {
    if (!all->limit) all->limit = "too much encoded inside each other";
    return 0;
  }
  budget -= bytes;
  return 1;
}

static void inspect_file(int fd, off_t start, unsigned int level);

/* A message, or what has to be read like one, in a file of its own. */
static void inside(int fd, const struct mime_part *part, unsigned int level)
{
  if (level == NESTED) {
    if (!all->limit) all->limit = "too much encoded inside each other";
  } else {
    if (!level) outer = *part;
    inspect_file(fd, 0, level + 1);
  }
  close(fd);
}

/* May cm-look know more about it? Not about data of no known kind under the name of a document: its
 * program opens it or does not, and that there is nothing to look into is the plain case. */
static int open_question(const struct attachment *o, struct kind is)
{
  if (is.is & SNIFF_ACTIVE) return 1;
  return is.is & SNIFF_ASK && (*is.word || is.is & SNIFF_TEXT || !(o->finding.marks & SPELL_PAPER));
}

/* What the data of a part is, in one way to decode it. */
static void judge(int fd, const struct mime_part *part, unsigned int level, struct attachment *o,
                  enum transfer_kind encoding, enum transfer_style style)
{
  struct kind is = sniff_end(&o->sniff), inner;
  const char *name;
  size_t len, which;
  unsigned int marks = 0;
  int file;

  if (sniff_mac(&o->sniff, &name, &len, &inner)) {
    static struct readings names;
    struct decision d;

    readings_clear(&names);
    if ((len && !readings_add(&names, name, len)) ||
        !spell_ask(all->rules, &names, 0, &d, &which, &marks)) stage_nomem();
    finding_decide(&o->finding, d, 0, 0);
    if (*inner.word) {
      finding_kind(&o->finding, inner.word, 0);
      is = inner;
    }
  }
  if (is.is & SNIFF_PROGRAM) finding_flag(&o->finding, "executable", 0);
  if (*is.word && !(is.is & (SNIFF_HOLDS | SNIFF_MAIL | SNIFF_TEXT))) finding_kind(&o->finding, is.word, 0);
  if (o->attachment && is.is & SNIFF_TEXT && is.is & SNIFF_ACTIVE) finding_kind(&o->finding, is.word, 0);
  /* Outlook's pictures may be compressed: image/x-emz. */
  if (o->finding.marks & SPELL_PASSIVE && is.is & (SNIFF_ACTIVE | SNIFF_HOLDS) && strcmp(is.word, "gz"))
    finding_flag(&o->finding, "type-mismatch", 0);
  if (o->meant && (!*is.word || is.is & SNIFF_ACTIVE)) finding_kind(&o->finding, o->meant, 0);
  if (o->comb.found & (COMB_SCRIPT | COMB_HANDLER) && o->attachment) finding_flag(&o->finding, "html-script", 0);
  if (o->comb.found & COMB_DATA) finding_flag(&o->finding, "html-data", 0);

  if (o->finding.decision.answer == ATTACH_DROP) return;
  if (o->comb.found & COMB_FILE || (o->attachment && (o->finding.marks & SPELL_MAIL || is.is & SNIFF_MAIL))) {
    if (!affordable(part->end - part->body)) return;
    file = unpack(fd, part, encoding, style, 1);
    /* A file with a message in it begins with its header. */
    if (!(o->comb.found & COMB_FILE)) {
      close(file);
      file = unpack(fd, part, encoding, style, 0);
    }
    inside(file, part, level);
  } else if (is.is & SNIFF_PKCS7) {
    if (!affordable(part->end - part->body)) return;
    file = unpack(fd, part, encoding, style, 0);
    which = (size_t) unpack_file();
    if (pkcs7_content(file, (int) which) == -1) stage_diesys("unable to unpack a part");
    close(file);
    inside((int) which, part, level);
    /* It need not be a message. */
    finding_postpone(&o->finding, level ? &outer : part, unpack(fd, part, encoding, style, 0), o->group);
  } else if (is.is & (SNIFF_HOLDS | SNIFF_ZIP) || o->finding.marks & SPELL_HOLDS || (o->attachment && open_question(o, is)))
    finding_postpone(&o->finding, level ? &outer : part, unpack(fd, part, encoding, style, 0), o->group);
}

/* Has a reading come to these bytes before? */
static int known(struct attachment *o, uint64_t hash)
{
  unsigned int i;

  for (i = 0; i < o->hearings && o->heard[i] != hash; ++i) ;
  if (i < o->hearings) return 1;
  o->heard[o->hearings++] = hash;
  return 0;
}

/* Once more from the file, in another way to decode. */
static void again(int fd, const struct mime_part *part, unsigned int level, struct attachment *o,
                  enum transfer_kind encoding, enum transfer_style style)
{
  static char in[SLICE], out[SLICE + 4];
  struct transfer t = { .kind = encoding, .style = style };
  uint64_t hash = 14695981039346656037U;
  off_t at;
  ssize_t r;
  size_t want, i;

  if (!affordable((part->end - part->body) / 8)) return;
  sniff_begin(&o->sniff);
  comb_begin(&o->comb);
  for (at = part->body; at <= part->end; at += r) {
    want = part->end - at < SLICE ? (size_t) (part->end - at) : SLICE;
    r = want ? pread(fd, in, want, at) : 0;
    if (r == -1 || (want && !r)) stage_diesys("unable to read message");
    want = transfer_decode(&t, in, (size_t) r, out);
    sniff_feed(&o->sniff, out, want);
    if (o->combed) comb_feed(&o->comb, out, want);
    for (i = 0; i < want; ++i) hash = (hash ^ (unsigned char) out[i]) * 1099511628211U;
    if (!r) break;
  }
  if (t.bad) all->faults |= FAULT(BROKEN_ENCODING);
  if (!known(o, hash)) judge(fd, part, level, o, encoding, style);
}

/* Does data look like a file if it is decoded so? */
static int is_file(const unsigned char *data, size_t len, enum transfer_kind kind)
{
  static unsigned char out[SNIFF_HEAD + 12];
  struct transfer t = { .kind = kind };
  struct kind is;
  size_t n;

  if (len < 8 || (kind == TRANSFER_BASE64 && !transfer_clean((const char *) data, len))) return 0;
  n = transfer_decode(&t, (const char *) data, len, (char *) out);
  if (t.bad || (n == len && kind != TRANSFER_PLAIN)) return 0;
  is = sniff_head(out, n < SNIFF_HEAD ? n : SNIFF_HEAD);
  return *is.word && !(is.is & SNIFF_TEXT);
}

/* Some readers have a few lines more in the header than others: what begins behind them? */
static void later(int fd, const struct mime_part *part, unsigned int level, struct attachment *o)
{
  static unsigned char head[SNIFF_HEAD];
  static const enum transfer_kind kinds[] = { TRANSFER_PLAIN, TRANSFER_QUOTED, TRANSFER_BASE64 };
  struct mime_part rest = *part;
  const unsigned char *s = head, *end;
  size_t have = o->sniff.have < sizeof head ? o->sniff.have : sizeof head, i;
  int lines;

  memcpy(head, o->sniff.head, have);
  for (lines = 0, end = s + have; lines < LATER && (s = memchr(s, '\n', (size_t) (end - s))); ++lines) {
    ++s;
    rest.body = part->body + (s - head);
    for (i = 0; i < (part->encoding == TRANSFER_QUOTED ? 1 : sizeof kinds / sizeof *kinds); ++i)
      if (is_file(s, (size_t) (end - s), kinds[i]))
        again(fd, &rest, level, o, i ? kinds[i] : part->encoding, TRANSFER_USUAL);
  }
}

/* The ways in which the data of a part may be encoded besides the one that was read first. */
static unsigned int ways(const struct mime_part *part, const struct attachment *o)
{
  static const enum transfer_kind unsaid[] = { TRANSFER_QUOTED, TRANSFER_BASE64 };
  unsigned int others = part->encodings & ~(1U << part->encoding);
  size_t i;

  for (i = 0; i < sizeof unsaid / sizeof *unsaid; ++i)
    if (part->encoding != unsaid[i] && is_file(o->sniff.head, o->sniff.have, unsaid[i])) others |= 1U << unsaid[i];
  if (!o->attachment) return others;
  if (o->transfer.odd && part->encoding == TRANSFER_BASE64) others |= 1U << TRANSFER_PLAIN | 1U << TRANSFER_QUOTED;
  if (others >> TRANSFER_UNKNOWN & 1 || part->encoding == TRANSFER_UNKNOWN)
    others |= 1U << TRANSFER_BASE64 | 1U << TRANSFER_QUOTED | 1U << TRANSFER_UU;
  return others;
}

/* The data of a part is over: decide on it in all ways to decode it. */
static void leaf(int fd, const struct mime_part *part, unsigned int level, struct attachment *o)
{
  static char out[8];
  static unsigned int groups;
  unsigned int others;
  struct kind is;
  int kind, style, html;
  size_t n;

  n = transfer_decode(&o->transfer, "", 0, out);
  sniff_feed(&o->sniff, out, n);
  if (o->transfer.bad) all->faults |= FAULT(BROKEN_ENCODING);
  others = ways(part, o);
  is = sniff_end(&o->sniff);
  html = o->attachment && !o->combed && is.is & SNIFF_TEXT && is.is & SNIFF_ACTIVE;
  o->group = o->hearings = 0;
  if (!others && !o->transfer.odd && !html && !(part->kinds & CONTENT_MULTIPART)) {
    judge(fd, part, level, o, part->encoding, TRANSFER_USUAL);
    if (part->encoding <= TRANSFER_QUOTED && !*is.word && (o->attachment || o->sniff.head[0] == '\n' ||
        o->sniff.head[0] == '\r')) later(fd, part, level, o);
    return;
  }

  if (html) o->combed = 1;  /* nothing said that it is HTML */
  o->group = ++groups;
  finding_room(TRANSFER_STYLES + TRANSFER_UNKNOWN);
  for (kind = TRANSFER_PLAIN; kind <= TRANSFER_UNKNOWN; ++kind)
    for (style = TRANSFER_USUAL; style < transfer_styles((enum transfer_kind) kind); ++style) {
      if (kind != (int) part->encoding && (style || !(others >> kind & 1))) break;
      if (style && !o->transfer.odd && !(part->kinds & CONTENT_MULTIPART)) break;
      again(fd, part, level, o, (enum transfer_kind) kind, (enum transfer_style) style);
      if (o->finding.decision.answer == ATTACH_DROP) return;
    }
}

/* A multipart or message that is encoded, which RFC 2045 forbids and readers
 * decode: what is found inside is found in all of it. */
static void encoded(int fd, const struct mime_part *part, unsigned int level)
{
  enum transfer_kind encoding;

  for (encoding = TRANSFER_QUOTED; encoding < TRANSFER_UNKNOWN; ++encoding)
    if (part->encodings >> encoding & 1 && affordable(part->end - part->body))
      inside(unpack(fd, part, encoding, TRANSFER_USUAL, 1), part, level);
}

/* A part is over. */
static void end(int fd, const struct mime_part *part, unsigned int level)
{
  struct attachment *o = opened[level] + part->depth;

  if (part->kinds & (CONTENT_MULTIPART | CONTENT_MESSAGE)) encoded(fd, part, level);
  if (o->looked && !(part->kinds & CONTENT_MULTIPART && part->crossed)) leaf(fd, part, level, o);
  finding_settle(&o->finding, level ? &outer : part);
}

/* Walk through a message in one reading. */
static void walk(int fd, off_t start, int reading, unsigned int level)
{
  struct mime *m = walks + level;
  enum mime_event event;
  struct attachment *o;

  mime_open(m, fd, start);
  m->reading = reading;
  m->room = ROOM;
  if (level) m->parts = walks[level - 1].parts;
  while ((event = mime_next(m)) > MIME_OVER && event != MIME_LIMIT) {
    o = opened[level] + m->part->depth;
    if (event == MIME_PART) attachment_begin(o, all->rules, m->part, &m->content);
    else if (event == MIME_DATA && o->looked) attachment_feed(o, m->data, m->len);
    else if (event == MIME_END) end(fd, m->part, level);
  }
  if (event == MIME_FAILED) stage_diesys("unable to read message");
  if (event == MIME_LIMIT && !all->limit) all->limit = m->limit;
  if (level) walks[level - 1].parts = m->parts;
}

/* In all of its readings; one may show that there are more. What is decoded may hold any byte. */
static void inspect_file(int fd, off_t start, unsigned int level)
{
  const unsigned long long usual = FAULT(NUL) | FAULT(BARE_CR) | FAULT(CONTROL) | FAULT(LONG_LINE);
  unsigned int done = 1;
  int reading, wanted;

  walk(fd, start, 0, level);
  all->faults |= level ? walks[level].faults & ~usual : walks[level].faults;
  wanted = mime_readings(walks[level].faults);
  for (reading = 1; reading <= wanted; ++reading) {
    if (reading & ~wanted || done >> reading & 1) continue;
    if (reading & MIME_READ_CR && reading & MIME_READ_PAIR) continue;
    walk(fd, start, reading, level);
    done |= 1U << reading;
    wanted |= mime_readings(walks[level].faults);
    reading = 0;
  }
}

void inspect(struct inspection *inspection, int fd, off_t start)
{
  struct stat st;

  all = inspection;
  finding_start(inspection);
  all->worst = (struct decision) { ATTACH_PASS, VERDICT_DELIVER, 0 };
  all->dropped.len = 0;
  all->limit = 0;
  all->faults = 0;
  if (fstat(fd, &st) == -1) stage_diesys("unable to read message");
  budget = 8 * st.st_size;
  inspect_file(fd, start, 0);
  if (all->worst.answer != ATTACH_DROP) finding_ask();
}
