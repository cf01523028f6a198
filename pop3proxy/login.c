#include "login.h"

#include <errno.h>
#include <string.h>

#include "accounts.h"
#include "capa.h"
#include "control.h"
#include "identity.h"
#include "log.h"
#include "sasl.h"

#define USERMAX 300    /* bytes of a user's name */
#define AUTHMAX 12288  /* of a line within AUTH; RFC 5034, 4 */
#define ROUNDS 8       /* such lines in one AUTH */

static const char unlisted[] = "-ERR [AUTH] the user name must end in %SERVER, one that is in the list of this proxy";
static const char unknown[] = "-ERR [AUTH] this proxy has no server for that user name";

/* In the name, by control/accounts, or the one for all. 1; 0: none; -1: answered. */
static int which(struct session *s, const struct pop **to, size_t *len)
{
  static stralloc trouble;
  int r;

  if (s->set.count && (*to = settings_server(&s->set, s->user.s, len))) return 1;
  *len = s->user.len;
  r = accounts_find(&s->set.accounts, s->user.s, to, &trouble);
  if (r == -1) {
    log_event("trouble", s->id, control_words(&trouble));
    session_reply(s, "-ERR [SYS/TEMP] the server of this mailbox is not known; try again later");
  }
  if (r || !s->set.fixed.host) return r;
  *to = &s->set.fixed;
  return 1;
}

/* Which server is it, and what is the user there called? s->user holds the name as
 * the client gave it, and then as the server knows it. 1, or 0: answered. */
static int find(struct session *s)
{
  const struct pop *to = 0;
  size_t len;
  int r = which(s, &to, &len);

  if (r != 1) {
    if (r == 0) {
      log_text("unlisted", s->id, "user", s->user.s, s->user.len);
      session_reply(s, s->set.accounts.any ? unknown : unlisted);
    }
    s->user.len = 0;
    return 0;
  }
  s->user.s[len] = 0;
  s->user.len = len;
  if (!session_connect(s, to)) {
    s->user.len = 0;
    s->over = 1;
    return 0;
  }
  return 1;
}

static int name(struct session *s, const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if ((unsigned char) text[i] < 33 || text[i] == 127) return 0;
  return len && len <= USERMAX && stralloc_copyb(&s->user, text, len) && stralloc_0(&s->user) && --s->user.len;
}

/* What the server said to the last word of a login. */
static void decided(struct session *s, int r)
{
  if (r == POP3C_OK) {
    s->open = 1;
    s->offers = 0;
    if (s->set.level & LOG_EXTENDED) log_event("login", s->id, s->user.len ? s->user.s : "-", " at ", s->to->host);
  } else if (r == POP3C_ERR) ++s->errors;
}

void login_user(struct session *s, const struct verbs *v)
{
  static stralloc line;

  if (!name(s, v->args, v->argslen)) {
    s->user.len = 0;
    session_reply(s, "-ERR a user name is needed, without blanks");
    return;
  }
  if (!find(s)) return;
  if (!stralloc_copys(&line, "USER ") || !stralloc_catb(&line, s->user.s, s->user.len)) s->over = 1;
  else if (session_relay(s, line.s, line.len) != POP3C_OK) s->user.len = 0;
}

void login_pass(struct session *s, const char *line, size_t len)
{
  if (!s->user.len) session_reply(s, "-ERR say USER first");
  else decided(s, session_relay(s, line, len));
}

void login_apop(struct session *s, const char *line, size_t len, const struct verbs *v)
{
  const char *blank = memchr(v->args, ' ', v->argslen);

  if (s->set.carried || !blank || !name(s, v->args, (size_t) (blank - v->args))) {
    session_reply(s, "-ERR APOP is not possible here");
    ++s->errors;
    return;
  }
  decided(s, session_relay(s, line, len));
}

/* AUTH ---------------------------------------------------------------------- */

/* The next line of the client within AUTH. 1, or 0: the session is over. */
static int answer(struct session *s, char **line, size_t *len)
{
  int r;

  if (session_flush(s) == -1) return 0;
  stream_limit(&s->client, s->set.timeoutpop3d);
  r = stream_line(&s->client, AUTHMAX, line, len);
  if (r != 1) s->over = 1;
  return r == 1;
}

/* What the client says first: behind the mechanism, or when it is asked for that.
 * 1, with first empty where it is "="; or 0: answered. */
static int first_words(struct session *s, const char *initial, size_t len, const char *prompt, stralloc *first)
{
  char *line;

  first->len = 0;
  if (!initial) {
    session_reply(s, prompt);
    if (!answer(s, &line, &len)) return 0;
    initial = line;
  } else if (len == 1 && *initial == '=') return 1;
  if (len != 1 || *initial != '*') {
    if (sasl_is_base64(initial, len) && sasl_decode(first, initial, len)) return 1;
  }
  session_reply(s, len == 1 && *initial == '*' ? "-ERR as you wish" : "-ERR that is no base64");
  ++s->errors;
  return 0;
}

/* Pass on what server and client say to each other until the server decides. */
static int converse(struct session *s, int r)
{
  char *line;
  size_t len;
  int rounds;

  for (rounds = 0; r == POP3C_MORE && rounds < ROUNDS; ++rounds) {
    session_reply(s, s->server.text.s);
    if (!answer(s, &line, &len)) return POP3C_LOST;
    r = pop3c_ask(&s->server, line, len, s->set.timeoutremote);
  }
  if (r == POP3C_OK || r == POP3C_ERR) session_reply(s, s->server.text.s);
  else {
    if (r == POP3C_MORE) pop3c_fail(&s->server, "asks on and on");
    session_lost(s);
    session_reply(s, "-ERR [SYS/TEMP] the server of this mailbox is lost; try again later");
  }
  return r;
}

/* "AUTH MECHANISM", with these words behind it where they are given; what is too
 * long for one line is asked for by the server. */
static int begin(struct session *s, const char *mechanism, const stralloc *words)
{
  static stralloc line, more;
  int r;

  if (!stralloc_copys(&line, "AUTH ") || !stralloc_cats(&line, mechanism) || !stralloc_copys(&more, "") ||
      (words && !sasl_encode(&more, words->s, words->len))) {
    s->over = 1;
    return POP3C_LOST;
  }
  if (words && line.len + more.len < 250) {  /* RFC 5034, 4: 255 with CRLF */
    if (!stralloc_cats(&line, " ") || !stralloc_cat(&line, &more)) s->over = 1;
    words = 0;
  }
  r = session_ask(s, line.s, line.len);
  if (words && r == POP3C_MORE) r = pop3c_ask(&s->server, more.s, more.len, s->set.timeoutremote);
  return r;
}

/* The user's name within data, as it is written there, becomes s->user; with a
 * server in it, the name without it takes its place. */
static int readdress(struct session *s, const char *mechanism, stralloc *data)
{
  static stralloc anew;
  size_t at, len, before;

  if (!identity_user(mechanism, data, &at, &len) || !name(s, data->s + at, len)) {
    session_reply(s, "-ERR no user name can be found in that");
    ++s->errors;
    return 0;
  }
  before = s->user.len;
  if (!find(s)) return 0;
  if (s->user.len == before) return 1;
  if (!stralloc_copyb(&anew, data->s, at) || !stralloc_cat(&anew, &s->user) ||
      !stralloc_catb(&anew, data->s + at + len, data->len - at - len) || !stralloc_copy(data, &anew)) {
    s->over = 1;
    return 0;
  }
  return 1;
}

/* One server or many, and the name of the user known before it hears a word. */
static void known(struct session *s, const char *mechanism, const char *initial, size_t len)
{
  static stralloc first;
  int login = !case_diffs(mechanism, "LOGIN"), r;

  if (!first_words(s, initial, len, login ? "+ VXNlcm5hbWU6" : "+ ", &first) || !readdress(s, mechanism, &first)) return;
  if (!login) r = begin(s, mechanism, &first);
  else {
    static stralloc user;

    r = begin(s, mechanism, 0);
    user.len = 0;
    if (r == POP3C_MORE && sasl_encode(&user, first.s, first.len))
      r = pop3c_ask(&s->server, user.s, user.len, s->set.timeoutremote);
  }
  if (s->over) return;
  decided(s, converse(s, r));
}

/* A mechanism of which we understand nothing, with the one server there is. */
static void passed(struct session *s, const char *mechanism, const char *initial, size_t len)
{
  static stralloc line;

  s->user.len = 0;
  if (!stralloc_copys(&line, "AUTH ") || !stralloc_cats(&line, mechanism) ||
      (initial && (!stralloc_cats(&line, " ") || !stralloc_catb(&line, initial, len)))) {
    s->over = 1;
    return;
  }
  decided(s, converse(s, session_ask(s, line.s, line.len)));
}

void login_auth(struct session *s, const struct verbs *v)
{
  static stralloc words;
  const char *blank = memchr(v->args, ' ', v->argslen), *initial = blank ? blank + 1 : 0;
  size_t n = blank ? (size_t) (blank - v->args) : v->argslen;
  static const char *const understood[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", 0 };
  const char *const *u = understood;
  char mechanism[24];

  if (!n || n >= sizeof mechanism || !capa_mechanism(s, v->args, n)) {
    session_reply(s, "-ERR not a way to log in here");
    ++s->errors;
    return;
  }
  memcpy(mechanism, v->args, n);
  mechanism[n] = 0;
  /* They stand in the buffer that the next line comes into. */
  if (initial && !stralloc_copyb(&words, initial, v->argslen - n - 1)) {
    s->over = 1;
    return;
  }
  while (*u && case_diffs(mechanism, *u)) ++u;
  if (*u) known(s, mechanism, initial ? words.s : 0, words.len);
  else passed(s, mechanism, initial ? words.s : 0, words.len);
}
