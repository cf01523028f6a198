/* cm-filter-rspamd: asks rspamd about the message, POST /checkv2, with all that
 * is known about who sent it. Its action becomes the verdict, its score and the
 * fields that it wants added become ours. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "control.h"
#include "envelope.h"
#include "header.h"
#include "http.h"
#include "json.h"
#include "message.h"
#include "reason.h"
#include "rfc2047.h"
#include "score.h"
#include "stage.h"
#include "words.h"

enum {
  ANSWER     = 4194304,  /* bytes of an answer */
  RECIPIENTS = 1000,     /* that are told */
  SYMBOLS    = 20,       /* in the reason, the weightiest first */
  VALUE      = 500       /* bytes of a field of the question */
};

static const char usage[] =
  "cm-filter-rspamd [ADDRESS] [max=SIZE] [ACTION=VERDICT...]";

static struct word words[] = {
  { "no-action", "deliver" }, { "greylist", "defer" }, { "add-header", "junk" },
  { "rewrite-subject", "junk" }, { "soft-reject", "defer" }, { "reject", "reject/delete" },
  { "discard", "accept/delete" }, { "quarantine", "accept/redirect" }, { "max", "10m" }, { 0, 0 }
};
enum { ACTIONS = 8, MAX = ACTIONS };

static int verdicts[ACTIONS];
static struct ask ask;
static struct score score;
static stralloc body, text, fields;
static const struct json *answer;  /* the whole */

static void add(stralloc *to, const char *what)
{
  if (!stralloc_cats(to, what)) stage_nomem();
}

/* A field of the question, if there is something to say that is one line. */
static void tell(stralloc *head, const char *name, const char *value)
{
  const char *p;

  if (!value || !*value || strlen(value) > VALUE) return;
  for (p = value; *p; ++p)
    if ((*p >= 0 && *p < 32) || *p == 127) return;
  add(head, name);
  add(head, ": ");
  add(head, value);
  add(head, "\r\n");
}

static void tell_recipients(stralloc *head)
{
  static stralloc list;
  size_t count = envelope_recipients(&list), i, at = 0;

  if (count == 1) tell(head, "Deliver-To", list.s);
  for (i = 0; i < count && i < RECIPIENTS; ++i, at += strlen(list.s + at) + 1) tell(head, "Rcpt", list.s + at);
}

/* A secret is for nobody's eyes: it stands in a file and goes nowhere else. */
static void tell_password(stralloc *head)
{
  static stralloc line;

  if (control_line("control/rspamdpassword", &line) == -1) stage_diesys("unable to read control/rspamdpassword");
  if (line.len > VALUE) stage_die("control/rspamdpassword is too long");
  tell(head, "Password", line.s);
}

static void put_question(off_t size)
{
  static const struct { const char *name, *variable; } facts[] = {
    { "IP", "TCPREMOTEIP" }, { "Helo", "CM_HELO" }, { "Hostname", "TCPREMOTEHOST" },
    { "User", "CM_AUTH" }, { "Queue-Id", "CM_ID" }
  };
  static stralloc head, me;
  const char *sender = getenv("SENDER");
  size_t i;

  add(&head, "POST /checkv2 HTTP/1.1\r\nHost: rspamd\r\nConnection: close\r\nContent-Length: ");
  if (!stralloc_number(&head, (unsigned long) size)) stage_nomem();
  add(&head, "\r\nMTA-Tag: cleanmail\r\n");
  if (sender) tell(&head, "From", *sender ? sender : "<>");
  tell_recipients(&head);
  for (i = 0; i < sizeof facts / sizeof *facts; ++i) tell(&head, facts[i].name, getenv(facts[i].variable));
  if (control_line("control/me", &me) == 1) tell(&head, "MTA-Name", me.s);
  tell_password(&head);
  add(&head, "\r\n");
  ask_send(&ask, &head, size);
}

/* Which of the words is it? The blanks of an action are dashes there. */
static size_t find_action(const struct json *action)
{
  size_t i, n;

  for (i = 0; action && i < ACTIONS; ++i) {
    if (strlen(words[i].name) != action->len) continue;
    for (n = 0; n < action->len; ++n)
      if (words[i].name[n] != (action->text[n] == ' ' ? '-' : action->text[n])) break;
    if (n == action->len) return i;
  }
  ask_refuse(&ask, "no action that is known");
}

static long points(const struct json *number)
{
  long n;

  if (!number || !score_scan(number->text, number->len, &n)) ask_refuse(&ask, "no score");
  return n;
}

/* The score of a symbol; 0 where it has none. */
static long moves(const struct json *symbol)
{
  const struct json *s = json_member(answer, symbol, "score", JSON_NUMBER);
  long n;

  return s && score_scan(s->text, s->len, &n) ? n : 0;
}

static void tell_symbols(const struct json **top, size_t count)
{
  size_t i;

  for (i = 0; i < count; ++i) {
    add(&text, i ? "," : ": ");
    if (!stralloc_catb(&text, top[i]->key, top[i]->keylen) || !stralloc_cats(&text, "(") ||
        !score_number(&text, moves(top[i])) || !stralloc_cats(&text, ")")) stage_nomem();
  }
}

/* All names for the field; the weightiest with their scores for the reason. */
static void read_symbols(void)
{
  const struct json *symbols = json_member(answer, answer, "symbols", JSON_OBJECT), *s, *top[SYMBOLS];
  size_t used = 0, i;

  if (!symbols) ask_refuse(&ask, "no symbols");
  for (s = symbols + 1; s < answer + symbols->end; s = answer + s->end) {
    if (!score_test(&score, s->key, s->keylen)) stage_nomem();
    for (i = used; i && labs(moves(top[i - 1])) < labs(moves(s)); --i)
      if (i < SYMBOLS) top[i] = top[i - 1];
    if (i < SYMBOLS) top[i] = s;
    if (used < SYMBOLS) ++used;
  }
  tell_symbols(top, used);
}

/* One field; a fold stays one, and nothing else begins a line. */
static void add_field(const char *name, size_t namelen, const struct json *value)
{
  size_t i;

  for (i = 0; i < namelen; ++i)
    if (name[i] <= 32 || name[i] > 126 || name[i] == ':') return;
  if (!namelen || value->kind != JSON_STRING) return;
  add(&fields, "\n");
  if (!stralloc_catb(&fields, name, namelen) || !stralloc_cats(&fields, ": ")) stage_nomem();
  for (i = 0; i < value->len; ++i) {
    const char *c = value->text + i;

    if (*c == '\r') continue;
    if (*c == '\n' && (i + 1 == value->len || !memchr(" \t", c[1], 2))) c = " ";
    if (!stralloc_append(&fields, c)) stage_nomem();
  }
}

/* Those that score_fields() makes are not wanted twice. */
static int is_ours(const struct json *v)
{
  static const char *const names[] = { "X-Spam-Flag", "X-Spam-Status", "X-Spam-Level", "X-Spam-Score" };
  size_t i;

  for (i = 0; i < 4; ++i)
    if (strlen(names[i]) == v->keylen && !case_diffb(v->key, v->keylen, names[i])) return 1;
  return 0;
}

/* "NAME": "VALUE", or { "value": "VALUE" }, or an array of such. */
static void add_fields(const struct json *v, const char *name, size_t namelen)
{
  const struct json *inner;

  if (v->kind == JSON_ARRAY)
    for (inner = v + 1; inner < answer + v->end; inner = answer + inner->end) {
      if (inner->kind != JSON_ARRAY) add_fields(inner, name, namelen);
    }
  else if (v->kind == JSON_STRING) add_field(name, namelen, v);
  else if ((inner = json_member(answer, v, "value", JSON_STRING))) add_field(name, namelen, inner);
}

static void read_milter(void)
{
  const struct json *milter = json_member(answer, answer, "milter", JSON_OBJECT);
  const struct json *wanted = json_member(answer, milter, "add_headers", JSON_OBJECT), *v;

  for (v = wanted ? wanted + 1 : 0; v && v < answer + wanted->end; v = answer + v->end)
    if (!is_ours(v)) add_fields(v, v->key, v->keylen);
}

/* The subject as people read it, of the message on descriptor 0. */
static void read_subject(stralloc *subject)
{
  static struct header header;
  static stralloc line;
  struct field f = { 0 };

  if (header_read(&header, 0) != 1) return;
  while (header_next(&header, &f))
    if (field_is(&f, "Subject")) {
      if (!field_unfold(&f, &line) || !rfc2047_decode(line.s, line.len, subject)) stage_nomem();
      return;
    }
}

/* What the new subject has in front of the old one is a tag. */
static void read_tag(void)
{
  static stralloc old;
  const struct json *subject = json_member(answer, answer, "subject", JSON_STRING);
  size_t len, i;

  if (!subject) return;
  read_subject(&old);
  len = subject->len;
  if (len > old.len && !memcmp(subject->text + len - old.len, old.s, old.len)) len -= old.len;
  add(&fields, "\nX-CleanMail-Tag: ");
  for (i = 0; i < len; ++i)
    if (!stralloc_append(&fields, (unsigned char) subject->text[i] < 32 ? " " : subject->text + i)) stage_nomem();
}

/* What rspamd has to say to the client, else what it wants done; then the score. */
static void read_text(const struct json *action)
{
  const struct json *said = json_member(answer, json_member(answer, answer, "messages", JSON_OBJECT),
                                        "smtp_message", JSON_STRING);

  if (!said || !said->len) said = action;
  if (!stralloc_copyb(&text, said->text, said->len)) stage_nomem();
  add(&text, ", ");
  if (!score_cat(&score, &text)) stage_nomem();
}

static int read_answer(void)
{
  const struct json *action, *required;
  size_t number;
  int verdict;

  http_answer(&ask, ANSWER, &body);
  answer = json_read(body.s, body.len);
  if (!answer || answer->kind != JSON_OBJECT) ask_refuse(&ask, "not JSON");
  action = json_member(answer, answer, "action", JSON_STRING);
  number = find_action(action);
  verdict = verdicts[number];
  score.points = points(json_member(answer, answer, "score", JSON_NUMBER));
  required = json_member(answer, answer, "required_score", JSON_NUMBER);  /* null: nothing is rejected */
  if (required) score.required = points(required);
  score.spam = number > 1 && verdict != VERDICT_DELIVER && verdict != VERDICT_DEFER;
  read_text(action);
  read_symbols();
  if (score.spam) read_tag();
  read_milter();
  if (score_fields(&score, 1, &fields) == -1) stage_diesys("unable to read control/spamtag");
  return verdict;
}

int main(int argc, char **argv)
{
  static stralloc reason;
  const char *address;
  unsigned long max;
  int verdict, i;
  off_t size;

  stage_begin("cm-filter-rspamd", 1);
  address = words_read(argv + !!argc, words, "control/rspamd", "127.0.0.1:11333", usage);
  for (i = 0; i < ACTIONS; ++i) verdicts[i] = words_verdict(words + i);
  max = words_size(words + MAX);
  size = message_file();
  if ((unsigned long) size > max)
    stage_end(VERDICT_DELIVER, "2.0.0 not checked: larger than max=", words[MAX].value);

  ask_begin(&ask, "rspamd", address);
  put_question(size);
  verdict = read_answer();
  if (!reason_make(verdict, text.s, text.len, &reason) || !stralloc_0(&fields)) stage_nomem();
  stage_end(verdict, reason.s, fields.s);
}
