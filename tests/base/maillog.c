/* maillog_append and maillog_header. With an argument: append the rows that
 * tests/base/maillog.t reads back. */
#include "tap.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "disk.h"
#include "maillog.h"

static struct maillog entry = {
  .id = "1763726850.123456.1.1.00000000", .port = "mx", .protocol = "ESMTP", .ip = "192.0.2.1",
  .host = "mail.example.org", .helo = "mail", .sender = "a@example.org",
  .recipients = "b@example.net\nc@example.net\n", .verdict = "accept/deliver, junk",
  .stage = "spam", .reason = "5.7.1 looks like spam",
  .trace = "fields accept/deliver 0 1 - -\nspam accept/deliver/junk 10 48 7.2 looks like spam\n",
  .reply = "250 2.0.0 ok", .upstream = "250 2.0.0 queued as 4711", .stored = "",
  .size = 4096, .client_in = 5000, .client_out = 300, .upstream_in = 301, .upstream_out = 5100, .ms = 52,
};

#define ROW(text) (!strcmp(last(), text "\r\n"))

/* The last row, behind its time. */
static const char *last(void)
{
  const char *rows = disk_read("log/mail.csv"), *row = rows, *nl;

  for (; (nl = strchr(row, '\n')) && nl[1]; row = nl + 1) ;
  return strlen(row) > 25 ? row + 25 : row;
}

/* The last row when this is its subject, from there to the empty message_id. */
static const char *subject(const char *text)
{
  static char cell[100000];
  const char *from, *to;

  entry.subject = text;
  if (maillog_append(&entry) != 1) return "";
  from = strstr(last(), "c@example.net,,");
  to = from ? strstr(from, ",,4096,") : 0;
  if (!to) return "";
  from += 15;
  memcpy(cell, from, (size_t) (to - from));
  cell[to - from] = 0;
  return cell;
}
#define SUBJECT(text, cell) (!strcmp(subject(text), cell))

static void header(struct header *h, const char *text)
{
  int fd = open(disk_path("mail"), O_RDWR | O_CREAT | O_TRUNC, 0600);

  if (write(fd, text, strlen(text)) == -1 || lseek(fd, 0, SEEK_SET) || header_read(h, fd) != 1)
    exit(111);
  close(fd);
}

static int same_header(struct maillog *log, const char *from, const char *subject, const char *id)
{
  return !strcmp(log->from ? log->from : "-", from) &&
         !strcmp(log->subject ? log->subject : "-", subject) &&
         !strcmp(log->messageid ? log->messageid : "-", id);
}

/* Processes that all find no file append to it. 1: each row whole, one header. */
static int race(int processes, int rows)
{
  const char *p = disk_read("log/mail.csv");
  int i, count = 0;

  if (*p) return 0;
  for (i = 0; i < processes; ++i) {
    if (fork()) continue;
    while (rows--)
      if (maillog_append(&entry) != 1) _exit(1);
    _exit(0);
  }
  for (i = 0; i < processes; ++i) {
    int status;
    if (wait(&status) == -1 || status) return 0;
  }
  p = disk_read("log/mail.csv");
  if (strncmp(p, "time,id,", 8)) return 0;
  for (p = strchr(p, '\n'); p && p[1]; p = strchr(p + 1, '\n')) {
    const char *end = strchr(p + 1, '\n');
    if (p[25] != ',' || !end || memcmp(end - 8, "5100,52\r", 8)) return 0;
    ++count;
  }
  return count == processes * rows && !strcmp(disk_list("log"), "mail.csv ");
}

/* Rows of which perl's reader knows what to find in them. */
static int rows(void)
{
  static char many[200000];
  int i;

  for (i = 0; i < 5000; ++i) memcpy(many + 20 * i, "\"so,me\"@example.net\n", 21);
  entry.reason = "a \"quoted\", reason";
  if (maillog_append(&entry) != 1) return 111;
  entry.recipients = many;
  return maillog_append(&entry) == 1 ? 0 : 111;
}

int main(int argc, char **argv)
{
  static char big[300000];
  static struct header h;
  struct maillog log = { 0 };
  struct stat st;
  int good, fd, old;
  ssize_t n;
  size_t i;

  if (argc > 1 && argv[1]) return rows();
  disk_setup();
  ok(maillog_append(&entry) == 1, "a row is appended where there is no directory yet");
  ok(!strncmp(disk_read("log/mail.csv"), "time,id,port,protocol,client_ip,client_name,helo,sender,", 56),
     "the file begins with the names of the columns");
  ok(ROW("1763726850.123456.1.1.00000000,mx,ESMTP,192.0.2.1,mail.example.org,mail,a@example.org,"
         "b@example.net c@example.net,,,,4096,\"accept/deliver, junk\",spam,5.7.1 looks like spam,"
         "fields accept/deliver 1 -; spam accept/deliver/junk 48 7.2,250 2.0.0 ok,"
         "250 2.0.0 queued as 4711,,5000,300,301,5100,52"), "the row says all, in order");
  ok(stat(disk_path("log/mail.csv"), &st) == 0 && (st.st_mode & 07777) == 0600, "nobody else may read it");

  ok(SUBJECT("a, b", "\"a, b\""), "a comma is quoted");
  ok(SUBJECT("say \"a\"", "\"say \"\"a\"\"\""), "a quote is quoted and doubled");
  ok(SUBJECT("a\r\nb\tc", "a  b c"), "line ends and tabs become blanks");
  ok(SUBJECT("a\033[2Jb\177c\001", "a?[2Jb?c?"), "controls become question marks");
  ok(SUBJECT("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"), "UTF-8 stays");
  ok(SUBJECT("\xfc \xc0\xaf \xed\xa0\x80 \xf5\x80\x80\x80 \xe2\x82", "? ?? ??? ???? ??"),
     "what is not UTF-8 becomes question marks");
  ok(SUBJECT("\xc2\x9b" "1m \xe2\x80\xae" "gpj \xe2\x80\xa8", "?1m ?gpj ?"),
     "nor are 8-bit controls, turned text and Unicode line ends shown");

  ok(SUBJECT("=1+1", "\"'=1+1\"") && SUBJECT("+1", "\"'+1\"") && SUBJECT("-1", "\"'-1\"") &&
     SUBJECT("@A1", "\"'@A1\""), "a formula is defused");
  ok(SUBJECT("\t=1", "\"' =1\"") && SUBJECT("\r=1", "\"' =1\"") && SUBJECT("  =1", "\"'  =1\"") &&
     SUBJECT("\xef\xbc\x9d" "1", "\"'\xef\xbc\x9d" "1\""), "behind blanks and in wide letters too");
  ok(SUBJECT("a=1", "a=1"), "and nothing else is");

  memset(big, 'x', sizeof big - 1);
  ok(strlen(subject(big)) == 1003 && !strcmp(subject(big) + 1000, "..."), "a long cell is cut");
  for (i = 0; i + 2 < sizeof big; i += 2) memcpy(big + i, "\xc3\xbc", 2);
  big[0] = 'x', big[1] = 'x', big[2] = 'x';
  memmove(big + 3, big + 4, sizeof big - 4);
  ok(strlen(subject(big)) == 1002 && !strcmp(subject(big) + 997, "\xc3\xbc..."), "between two characters");

  memset(big, '"', sizeof big - 1);
  for (i = 700; i < sizeof big - 1; i += 700) big[i] = '\n';
  log = entry;
  log.id = log.port = log.protocol = log.ip = log.host = log.helo = log.sender = log.recipients = big;
  log.from = log.subject = log.messageid = log.verdict = log.stage = log.reason = log.trace = big;
  log.reply = log.upstream = log.stored = big;
  ok(maillog_append(&log) == 1 && strlen(last()) < 65536 - 25, "no row is larger than 64 KiB");
  for (i = 0; i < 2000; ++i) memcpy(big + 21 * i, "somebody@example.net\n", 22);
  entry.subject = 0;
  log = entry;
  log.recipients = big;
  ok(maillog_append(&log) == 1 && strstr(last(), "somebody@example.net and 1619 more,"),
     "of many recipients the rest is counted");
  log = (struct maillog) { 0 };
  ok(maillog_append(&log) == 1 && ROW(",,,,,,,,,,,0,,,,,,,,0,0,0,0,0"), "what is not known is empty");

  header(&h, "From: =?utf-8?q?J=C3=B6?= <j@example.org>\r\nSubject: =?iso-8859-1?Q?gr=FC?=\r\n =?utf-8?b?w58=?=\r\n"
             "SUBJECT: second\r\nMessage-Id:\r\n <4711@example.org>\r\n\r\nFrom: body\r\n");
  ok(maillog_header(&log, &h) == 1 &&
     same_header(&log, "J\xc3\xb6 <j@example.org>", "gr\xc3\xbc\xc3\x9f", "<4711@example.org>"),
     "From, Subject and Message-ID come decoded out of a header");
  header(&h, "Subject: =?utf-8?q?a=00b?=\n\n");
  ok(maillog_header(&log, &h) == 1 && same_header(&log, "-", "a?b", "-"), "a NUL in them cuts nothing off");

  unlink(disk_path("log/mail.csv"));
  ok(race(8, 60), "eight processes make one file, its first line the header, and no row is torn");
  good = !rename(disk_path("log/mail.csv"), disk_path("old")) && maillog_append(&entry) == 1;
  ok(good && strncmp(disk_read("log/mail.csv"), "time,", 5) == 0, "moved away, it is made anew");

  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 500, RLIM_INFINITY });
  ok(maillog_append(&entry) == -1, "a full disk is an error");
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { RLIM_INFINITY, RLIM_INFINITY });
  unlink(disk_path("log/mail.csv"));
  ok(!symlink("/dev/null", disk_path("log/mail.csv")) && maillog_append(&entry) == -1,
     "a symbolic link is not followed");
  setenv("CM_HOME", "/nonexistent", 1);
  fd = memfd_create("log", 0);
  old = dup(2);
  dup2(fd, 2);
  good = maillog_append(&entry) == -1 && errno == ENOENT;
  dup2(old, 2);
  ok(good, "a missing home is an error");
  n = pread(fd, big, sizeof big - 1, 0);
  big[n > 0 ? n : 0] = 0;
  ok(!strcmp(big, "trouble 1763726850.123456.1.1.00000000 unable to write /nonexistent/log/mail.csv: No such file or directory\n"),
     "the log says so, and where it should be");

  disk_remove();
  return done_testing();
}
