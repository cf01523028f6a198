/* cm-filter-spamd: asks SpamAssassin's spamd about the message, SPAMC/1.5.
 * As a check it asks for the score and the names of the tests, and marks; as a
 * rewriter it gives back what SpamAssassin made of the message. Only an answer
 * that is whole and has spamd's mark in it is one. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ask.h"
#include "copy.h"
#include "envelope.h"
#include "message.h"
#include "reason.h"
#include "score.h"
#include "stage.h"
#include "words.h"

#define HEADERS 50         /* lines before the body of an answer */
#define TESTS   65536      /* bytes of the names of tests */
#define GROWTH  1048576    /* bytes that a rewritten message may have above twice the old one */

static const char usage[] =
  "cm-filter-spamd [ADDRESS] [drop=SCORE] [max=SIZE] [required=SCORE] [spam=VERDICT] [user=NAME]";

enum { DROP, MAX, REQUIRED, SPAM, USER };
static struct word words[] = {
  [DROP] = { "drop", 0 }, [MAX] = { "max", "256k" }, [REQUIRED] = { "required", 0 },
  [SPAM] = { "spam", "junk" }, [USER] = { "user", 0 }, { 0, 0 }
};

static struct {
  unsigned long max;
  long drop, required;
  int spam;
} set;

static int rewriter;
static struct ask ask;
static struct score score;
static stralloc body;

static void read_words(void)
{
  set.max = words_size(words + MAX);
  set.spam = words_verdict(words + SPAM);
  if (words[DROP].value) set.drop = words_score(words + DROP);
  if (words[REQUIRED].value) set.required = words_score(words + REQUIRED);
}

static void number(stralloc *to, unsigned long n)
{
  if (!stralloc_number(to, n)) stage_nomem();
}

static void add(stralloc *to, const char *text)
{
  if (!stralloc_cats(to, text)) stage_nomem();
}

/* Whose preferences count; 0: nobody's. @ is the recipient, if there is one. */
static const char *user(void)
{
  static stralloc recipients;
  const char *name = words[USER].value;

  if (name && !strcmp(name, "@")) name = envelope_recipients(&recipients) == 1 ? recipients.s : 0;
  if (name && (!*name || name[strcspn(name, "\r\n")])) stage_die("not a user: ", name);
  return name;
}

static void put_question(off_t size)
{
  static stralloc head;
  const char *name = user();

  add(&head, rewriter ? "PROCESS" : "SYMBOLS");
  add(&head, " SPAMC/1.5\r\nContent-length: ");
  number(&head, (unsigned long) size);
  if (name) {
    add(&head, "\r\nUser: ");
    add(&head, name);
  }
  add(&head, "\r\n\r\n");
  ask_send(&ask, &head, size);
}

/* "SPAMD/1.1 0 EX_OK": anything but 0 is spamd's own trouble. */
static void read_status(void)
{
  const char *text;
  char *line;

  ask_line(&ask, &line);
  if (strncmp(line, "SPAMD/", 6) || !(text = strchr(line, ' '))) ask_refuse(&ask, "not of spamd");
  if (strncmp(text, " 0 ", 3)) ask_refuse(&ask, text + 1);
}

/* "True ; 15.0 / 5.0": the mark. */
static int read_mark(const char *value)
{
  const char *semicolon = strchr(value, ';'), *slash = semicolon ? strchr(semicolon, '/') : 0;
  size_t word = strcspn(value, " ;"), n;

  if (!slash) return 0;
  if (word == 4 && !strncasecmp(value, "True", 4)) score.spam = 1;
  else if (word != 5 || strncasecmp(value, "False", 5)) return 0;
  for (++semicolon; *semicolon == ' '; ++semicolon) ;
  for (n = (size_t) (slash - semicolon); n && semicolon[n - 1] == ' '; --n) ;
  for (++slash; *slash == ' '; ++slash) ;
  return score_scan(semicolon, n, &score.points) &&
         score_scan(slash, strcspn(slash, " \t"), &score.required);
}

/* Both must be there, and once: an answer without a mark is no answer. */
static unsigned long read_headers(void)
{
  unsigned int lines, marks = 0, lengths = 0;
  unsigned long length = 0;
  const char *value;
  char *line;

  for (lines = 0; ask_line(&ask, &line); ++lines) {
    value = strchr(line, ':');
    if (!value || lines == HEADERS) ask_refuse(&ask, "not spamd's header");
    for (++value; *value == ' '; ++value) ;
    if (!strncasecmp(line, "Spam:", 5) && (!read_mark(value) || marks++)) ask_refuse(&ask, "not spamd's mark");
    if (!strncasecmp(line, "Content-length:", 15) &&
        (value[scan_ulong(value, &length)] || !*value || lengths++)) ask_refuse(&ask, "no length");
  }
  if (!marks) ask_refuse(&ask, "no mark in it");
  if (!lengths) ask_refuse(&ask, "no length");
  return length;
}

static void read_answer(off_t size)
{
  unsigned long most = rewriter ? 2 * (unsigned long) size + GROWTH : TESTS, length;

  read_status();
  length = read_headers();
  if (length > most) ask_refuse(&ask, "too large");
  if (rewriter && !length && size) ask_refuse(&ask, "no message");
  ask_take(&ask, length, &body);
  ask_end(&ask);
}

/* The names of the tests, with commas between them, and perhaps a line end. */
static void take_tests(void)
{
  size_t i, n;

  for (i = 0; i < body.len; i += n + 1) {
    for (n = 0; i + n < body.len && !strchr(", \r\n", body.s[i + n]); ++n) ;
    if (!score_test(&score, body.s + i, n)) stage_nomem();
  }
}

static int judge(void)
{
  if (words[REQUIRED].value) {
    score.required = set.required;
    score.spam = score.points >= score.required;
  }
  if (words[DROP].value && score.points >= set.drop) {
    score.spam = 1;
    return VERDICT_REJECT;
  }
  return score.spam ? set.spam : VERDICT_DELIVER;
}

static void answer(int verdict)
{
  static stralloc text, reason, fields;

  add(&text, score.spam ? "spam, " : "");
  if (!score_cat(&score, &text)) stage_nomem();
  if (score.tests.len && (!stralloc_cats(&text, ": ") || !stralloc_cat(&text, &score.tests))) stage_nomem();
  if (!reason_make(verdict, text.s, text.len, &reason)) stage_nomem();
  if (score_fields(&score, !rewriter, &fields) == -1) stage_diesys("unable to read control/spamtag");
  if (rewriter) {
    add(&fields, "\nX-CleanMail-Size: ");
    number(&fields, body.len);
  }
  if (!stralloc_0(&fields)) stage_nomem();
  stage_end(verdict, reason.s, fields.s);
}

/* Too large to be asked about. */
static void skip(void)
{
  if (rewriter && stage_unchanged(0) == -1) stage_diesys("unable to write message");
  stage_end(VERDICT_DELIVER, "2.0.0 not checked: larger than max=", words[MAX].value);
}

int main(int argc, char **argv)
{
  int flags = fcntl(3, F_GETFL), verdict;
  const char *address;
  off_t size;

  rewriter = flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
  stage_begin("cm-filter-spamd", rewriter ? 3 : 1);
  address = words_read(argv + !!argc, words, "control/spamd", "127.0.0.1:783", usage);
  read_words();
  size = message_file();
  if ((unsigned long) size > set.max) skip();

  ask_begin(&ask, "spamd", address);
  put_question(size);
  read_answer(size);
  if (!rewriter) take_tests();
  verdict = judge();
  if (rewriter && copy_write(1, body.s, body.len) == -1) stage_diesys("unable to write message");
  answer(verdict);
}
