/* cm-notify: tell people that mail has come for them, by a program or by a mail to a
 * gateway. It reads the mail log, where a row stands only when the mail server behind
 * us has taken the message and the client has heard so: no verdict can come after it
 * and make the notice false, and no mail waits for one. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "digits.h"
#include "home.h"
#include "id.h"
#include "log.h"
#include "pattern.h"
#include "rows.h"
#include "send.h"
#include "spawn.h"
#include "state.h"
#include "utf8.h"

enum {
  TEXT    = 160,    /* bytes of a text, what a short message takes */
  WORDS   = 32,     /* of a line of control/notify */
  SECONDS = 30,     /* that a program may take */
  PAUSE   = 60,     /* seconds between two notices for a recipient */
  FRESH   = 900,    /* seconds after which a message is no news */
  RECORD  = 42      /* "INODE OFFSET\n", 20 digits each */
};

static struct rows rows;
static struct state recent;  /* when each recipient was told last */
static unsigned long pause_;
static stralloc rules, me;
static int place = -1;       /* state/notify: how far we are */
static int follow;

/* How far we are -------------------------------------------------------------- */

/* Before a row is acted on: who is killed in it forgets that notice, and never gives it twice. */
static void remember(const struct stat *st, off_t next)
{
  char text[RECORD], *at = digits(text, (unsigned long) st->st_ino, 10, 20);

  *at++ = ' ';
  at = digits(at, (unsigned long) next, 10, 20);
  *at = '\n';
  if (pwrite(place, text, RECORD, 0) != RECORD) diesys(111, "unable to write state/notify");
}

/* Where to go on in this file: where we were; at its end the first time; else at its beginning. */
static off_t resume(const struct stat *st)
{
  unsigned long inode = 0, offset = 0;
  char text[RECORD + 1];
  ssize_t n = pread(place, text, RECORD + 1, 0);

  if (n == 0) return st->st_size;
  if (n != RECORD || !control_scan(text, 20, &inode) || !control_scan(text + 21, 20, &offset)) return st->st_size;
  return inode == (unsigned long) st->st_ino && offset <= (unsigned long) st->st_size ? (off_t) offset : 0;
}

static void open_place(void)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int dir = home_open("state");

  place = dir == -1 ? -1 : openat(dir, "notify", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (place == -1) diesys(111, "unable to open state/notify");
  if (fcntl(place, F_SETLK, &lock) == -1) die(111, "another cm-notify is at work");
  close(dir);
  if (state_open(&recent, "notified", 8192) == -1) diesys(111, "unable to open state/notified");
}

/* Texts ------------------------------------------------------------------------- */

/* Append as much of a text as fits, whole characters that may be shown. */
static int fit(stralloc *to, const char *text, size_t most)
{
  size_t len = strlen(text), n;

  for (; len; text += n ? n : 1, len -= n ? n : 1) {
    n = utf8_length(text, len);
    if (to->len + (n ? n : 1) > most) return 1;
    if (!(n && utf8_shows(text, n) ? stralloc_catb(to, text, n) : stralloc_append(to, "?"))) return 0;
  }
  return 1;
}

static int make_text(stralloc *text)
{
  text->len = 0;
  return fit(text, rows.cell[ROW_FROM], TEXT / 2) && stralloc_cats(text, ": ") &&
         fit(text, rows.cell[ROW_SUBJECT], TEXT);
}

/* A file in memory that holds it. A descriptor or -1. */
static int file_of(const stralloc *text)
{
  int fd = memfd_create("notice", MFD_CLOEXEC);

  if (fd != -1 && copy_write(fd, text->s, text->len) == 1 && lseek(fd, 0, SEEK_SET) == 0) return fd;
  if (fd != -1) close(fd);
  return -1;
}

/* Telling ------------------------------------------------------------------------ */

static void run(const char *recipient, char **words, const stralloc *text)
{
  static char to[1200], id[60], path_[4200], home[4200];
  static char *env[] = { to, id, path_, home, 0 };
  const char *search = getenv("PATH");
  struct spawn s = { .argv = words, .env = env, .fd = { file_of(text), 2, 2, -1 }, .memory = 512UL << 20,
                     .cpu = SECONDS };
  struct pollfd ended = { .events = POLLIN };
  int r, code;

  snprintf(to, sizeof to, "CM_RECIPIENT=%s", recipient);
  snprintf(id, sizeof id, "CM_ID=%s", rows.cell[ROW_ID]);
  snprintf(path_, sizeof path_, "PATH=%s", search ? search : "/usr/local/bin:/usr/bin:/bin");
  snprintf(home, sizeof home, "CM_HOME=%s", control_home());
  if (s.fd[0] == -1 || spawn_start(&s) != 1) {
    log_event("trouble", rows.cell[ROW_ID], "unable to run ", words[0], ": ", strerror(errno));
    if (s.fd[0] != -1) close(s.fd[0]);
    return;
  }
  ended.fd = s.pidfd;
  while ((r = poll(&ended, 1, SECONDS * 1000)) == -1 && errno == EINTR) ;
  code = r == 1 ? spawn_reap(&s) : spawn_stop(&s, 1000);
  close(s.fd[0]);
  log_event(code ? "trouble" : "notice", rows.cell[ROW_ID], recipient, ": ", words[0],
            code < 0 ? " was ended" : code ? " failed" : " ran");
}

static int letter(stralloc *out, const char *recipient, const char *to, const stralloc *text)
{
  char own[ID_SIZE], date[60];
  time_t now = time(0);
  struct tm t;

  id_make(own);
  if (!gmtime_r(&now, &t) || !strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &t)) return 0;
  out->len = 0;
  return stralloc_cats(out, "From: <postmaster@") && stralloc_cats(out, me.s) &&
         stralloc_cats(out, ">\r\nTo: <") && stralloc_cats(out, to) &&
         stralloc_cats(out, ">\r\nSubject: mail for ") && stralloc_cats(out, recipient) &&
         stralloc_cats(out, "\r\nDate: ") && stralloc_cats(out, date) &&
         stralloc_cats(out, "\r\nMessage-ID: <") && stralloc_cats(out, own) && stralloc_cats(out, "@") &&
         stralloc_cats(out, me.s) && stralloc_cats(out, ">\r\nAuto-Submitted: auto-generated\r\n"
           "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: 8bit\r\n\r\n") && stralloc_cat(out, text) && stralloc_cats(out, "\r\n");
}

static int always(struct send *s)
{
  return s->accepted.len > 0;
}

/* With an empty sender, so that nobody answers it. */
static void mail(const char *recipient, const char *to, const stralloc *text)
{
  static struct upstreams upstreams;
  static struct routes routes;
  static struct send m;
  static stralloc out, list, trouble;
  int r = SEND_LATER;

  if (!upstream_read(&upstreams, &trouble) || !route_open(&routes, me.s, &trouble)) {
    log_event("trouble", rows.cell[ROW_ID], control_words(&trouble));
    return;
  }
  m.upstreams = &upstreams;
  m.routes = &routes;
  m.me = me.s;
  m.sender = "";
  m.recipients = &list;
  m.before = always;
  m.connect = m.reply = SECONDS;
  m.message = letter(&out, recipient, to, text) ? file_of(&out) : -1;
  if (m.message != -1 && stralloc_copys(&list, to) && stralloc_append(&list, "\n")) r = send_message(&m);
  if (m.message != -1) close(m.message);
  log_event(r == SEND_TAKEN ? "notice" : "trouble", rows.cell[ROW_ID], recipient, ": mail to ", to, ": ",
            m.answer.len ? m.answer.s : "not sent");
}

/* Was nobody told for this recipient a moment ago? */
static int due(const char *recipient)
{
  uint64_t now = (uint64_t) time(0);
  struct cell cell;
  int r = state_get(&recent, recipient, strlen(recipient), 0, &cell);

  if (r == -1) return 0;
  if (r == 1 && cell.last <= now && now - cell.last < pause_) {
    state_leave(&recent, &cell);
    return 0;
  }
  cell.last = now;
  return state_set(&recent, &cell) == 1;
}

/* The first line of control/notify whose pattern fits decides. */
static void tell(const char *recipient)
{
  static stralloc text, copy;
  static char *words[WORDS + 1];
  const char *line;
  size_t at = 0, len, n, i;

  while (control_next(&rules, &at, &line, &len, 0)) {
    if (!stralloc_copyb(&copy, line, len) || !stralloc_0(&copy)) return;
    for (n = 0, i = 0; i < len && n < WORDS; ++i) {
      if (copy.s[i] == ' ' || copy.s[i] == '\t') copy.s[i] = 0;
      else if (!i || !copy.s[i - 1]) words[n++] = copy.s + i;
    }
    words[n] = 0;
    if (!pattern_match(words[0], strlen(words[0]), recipient, strlen(recipient))) continue;
    if (n == 2 && !strcmp(words[1], "none")) return;
    if (!make_text(&text) || !due(recipient)) return;
    if (n == 3 && !strcmp(words[1], "mail")) mail(recipient, words[2], &text);
    else if (n >= 3 && !strcmp(words[1], "run")) run(recipient, words + 2, &text);
    else log_event("trouble", rows.cell[ROW_ID], "control/notify: no mail, run or none: ", words[0]);
    return;
  }
}

/* Seconds since 1970 of a time of the log, or 0. */
static time_t when(const char *text)
{
  struct tm t = { .tm_isdst = 0 };

  if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
             &t.tm_sec) != 6) return 0;
  t.tm_year -= 1900;
  --t.tm_mon;
  return timegm(&t);
}

/* Was the message delivered, and is it news? Junk is none. A bounce, and whatever
 * else has no sender, never is: it could be the answer to a notice. */
static int is_news(void)
{
  const char *verdict = rows.cell[ROW_VERDICT];
  time_t then = when(rows.cell[ROW_TIME]);

  return !strncmp(rows.cell[ROW_REPLY], "250", 3) && *rows.cell[ROW_SENDER] && time(0) - then <= FRESH &&
         (!strcmp(verdict, "accept/deliver") || !strcmp(verdict, "accept/deliver, whitelisted") ||
          !strcmp(verdict, "accept/deliver, unknown result"));
}

static void act(void)
{
  static char one[1100];
  const char *at = rows.cell[ROW_RECIPIENTS];
  size_t len;

  for (; *at; at += len + !!at[len]) {
    len = strcspn(at, " ");
    if (!memchr(at, '@', len) || len >= sizeof one) continue;  /* "and 7 more" */
    memcpy(one, at, len);
    one[len] = 0;
    tell(one);
  }
}

/* The log ------------------------------------------------------------------------- */

static int open_log(struct stat *st)
{
  int dir = home_open("log"), fd = -1;

  if (dir != -1) fd = openat(dir, "mail.csv", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (dir != -1) close(dir);
  if (fd == -1 && errno == ENOENT) return -1;
  if (fd == -1 || fstat(fd, st) == -1) diesys(111, "unable to read log/mail.csv");
  return fd;
}

/* Read anew for each message: who follows the log needs no restart. */
static void settings(void)
{
  rules.len = 0;
  pause_ = PAUSE;
  if (control_read("control/notify", &rules) != 1) diesys(111, "unable to read control/notify");
  if (control_number("control/notifypause", &pause_) == -1) diesys(111, "unable to read control/notifypause");
  if (control_me(&me) == -1) diesys(111, "unable to read control/me");
}

/* Act on all rows of one file; where we follow, until another one has taken its name. */
static void work(int fd, const struct stat *st)
{
  struct stat there;
  off_t from = resume(st);
  int r, other, last = 0;

  remember(st, from);
  r = rows_open(&rows, fd, from);
  if (r == -1) diesys(111, "unable to read log/mail.csv");
  if (!r) die(111, "log/mail.csv is no mail log");
  for (;;) {
    while ((r = rows_next(&rows)) == 1) {
      settings();
      remember(st, rows.next);
      if (is_news()) act();
    }
    if (r == -1) diesys(111, "unable to read log/mail.csv");
    if (!follow || last) return;
    other = open_log(&there);
    last = other != -1 && there.st_ino != st->st_ino;  /* what was written meanwhile, and then on */
    if (other != -1) close(other);
    if (!last) poll(0, 0, 1000);
  }
}

/* There is no log yet: all of it will be new. */
static void await_log(void)
{
  const struct stat none = { .st_ino = 0 };
  struct stat st;

  if (fstat(place, &st) == 0 && !st.st_size) remember(&none, 0);
  if (follow) poll(0, 0, 1000);
}

int main(int argc, char **argv)
{
  struct stat st;
  int fd;

  errmsg_iam("cm-notify");
  if (argc > 2 || (argc == 2 && strcmp(argv[1], "-f"))) die(100, "usage: cm-notify [-f]");
  follow = argc == 2;
  signal(SIGPIPE, SIG_IGN);
  settings();
  open_place();
  do {
    fd = open_log(&st);
    if (fd != -1) {
      work(fd, &st);
      close(fd);
    } else await_log();
  } while (follow);
  return 0;
}
