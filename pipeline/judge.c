#include "judge.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "header.h"

int judge_broken(struct outcome *o, const struct stage *s, const char *text, unsigned long number,
                 const char *more)
{
  o->verdict = VERDICT_BROKEN;
  o->vote = s->onerror;
  return stralloc_copys(&o->cause, text) && (!number || stralloc_number(&o->cause, number)) &&
         stralloc_cats(&o->cause, more);
}

/* What an exit code means by the stage's line and by cm-stage(7). */
static int meaning(const struct stage *s, int code, const stralloc *reason)
{
  if (code < 0) return VERDICT_BROKEN;
  if (s->codes[code] != -1) return s->codes[code];
  /* 111 says "could not decide" too: only one with a reason defers. */
  if (code == VERDICT_DEFER && (reason->len < 2 || memcmp(reason->s, "4.", 2))) return VERDICT_BROKEN;
  return code == VERDICT_WHITELISTED || verdict_rank(code) != -1 ? code : VERDICT_BROKEN;
}

int judge_code(struct outcome *o, const struct job *j)
{
  const struct stage *s = j->stage;

  if (j->state != JOB_RUNNING)
    return judge_broken(o, s, "no answer within ", (unsigned long) (j->time + 999) / 1000, " s");
  o->verdict = o->vote = meaning(s, o->code, &o->answer.reason);
  if (o->verdict != VERDICT_BROKEN) return 1;
  if (o->code < 0) return judge_broken(o, s, "ended by signal ", (unsigned long) -o->code, "");
  /* What it says all the same is for whoever looks for the reason: no client hears it. */
  if (o->code == VERDICT_DEFER)
    return judge_broken(o, s, "could not decide", 0, o->answer.reason.len ? ": " : "") &&
           stralloc_cat(&o->cause, &o->answer.reason);
  return judge_broken(o, s, "unknown exit code ", (unsigned long) o->code, "");
}

/* What the file has: no header field at its beginning; a header above its measure; nothing
 * behind the header; or something, be it the empty line. */
enum { HEADLESS, ENDLESS, NOTHING, BODY };

static int shape(int fd)
{
  static struct header h;
  struct field f = { 0 };

  if (lseek(fd, 0, SEEK_SET) == -1 || header_read(&h, fd) != 1) return ENDLESS;
  if (!header_next(&h, &f) || f.start != h.raw.s || !f.namelen) return HEADLESS;
  return h.body == h.end && h.end == h.raw.len ? NOTHING : BODY;
}

int judge_output(struct outcome *o, const struct job *j, int old, unsigned long *size)
{
  const struct stage *s = j->stage;
  struct stat st;

  *size = 0;
  if (!verdict_delivers(o->vote) && !verdict_redirects(o->vote)) return 1;
  if (fstat(j->output, &st) == -1) return judge_broken(o, s, "lost its output", 0, "");
  if (!st.st_size && copy_sealed(j->output) && !o->answer.sized) return 1;  /* CM_UNCHANGED */
  if (!st.st_size) return judge_broken(o, s, "no new message", 0, "");
  if ((unsigned long) st.st_size >= j->filesize)
    return judge_broken(o, s, "new message above ", j->filesize - 1, " bytes");
  if (o->answer.sized && o->answer.size != (unsigned long) st.st_size)
    return judge_broken(o, s, "new message is not of its ", o->answer.size, " bytes");
  if (copy_seal(j->output) == -1)
    return judge_broken(o, s, "new message still being written", 0, "");
  switch (shape(j->output)) {
    case HEADLESS: return judge_broken(o, s, "new message without a header", 0, "");
    case ENDLESS: return judge_broken(o, s, "header of new message too large", 0, "");
    /* Whoever writes half a message and ends well has often not come to the body. */
    case NOTHING: if (shape(old) != NOTHING) return judge_broken(o, s, "new message ends in its header", 0, "");
  }
  *size = (unsigned long) st.st_size;
  return 1;
}
