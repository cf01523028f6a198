/* cm-quarantine: look into a store of messages, cm-store(5), release what should
 * have been delivered, delete, take copies. Nothing in a message is unpacked, and
 * nothing of it reaches the terminal as it is. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "escape.h"
#include "home.h"
#include "ledger.h"
#include "listing.h"
#include "quota.h"
#include "release.h"
#include "stored.h"
#include "utf8.h"

static const char usage[] =
  "usage: cm-quarantine [-s STORE] list [-t] [FIELD=PATTERN...]\n"
  "       cm-quarantine [-s STORE] show ID | envelope ID | export ID | check\n"
  "       cm-quarantine [-s STORE] delete ID... | sweep [LIMIT=NUMBER...]\n"
  "       cm-quarantine [-s STORE] [-f] [-p PORT] release ID [ADDRESS]\n"
  "An ID of - stands for the ids on standard input.";

static const char *store;
static int other;           /* -s: it is not the quarantine */
static const char *port;    /* -p: the directory of the port */
static int entered;         /* it is where we are */
static int again;           /* -f */
static int dir;
static int failed;          /* some of it was not done */

/* From now on we may work anywhere. */
static void find_home(void)
{
  char *home = realpath(control_home(), 0);

  if (!home || setenv("CM_HOME", home, 1) == -1) diesys(111, "unable to find ", control_home());
  free(home);
}

static void open_store(void)
{
  static stralloc path;

  find_home();
  if (!other) {
    if (!stralloc_copys(&path, control_home()) || !stralloc_cats(&path, "/store") || !stralloc_0(&path))
      die(111, "out of memory");
    store = path.s;
  }
  dir = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir == -1) diesys(111, "unable to open ", store);
  if (home_become(dir) == -1) diesys(111, "unable to become the owner of the store");
}

/* Read what is known of it, or say why not and go on with the next one. 1 or 0. */
static int known(const char *id, struct stored *s)
{
  int r = stored_read(dir, id, s);

  if (r == 1) return 1;
  if (r == 0) carp(id, ": there is no such message");
  else if (errno == EINVAL) carp("not an id: ", id);
  else if (errno == EBADMSG) carp(id, ": its envelope is damaged");
  else carpsys("unable to read ", id);
  failed = 1;
  return 0;
}

static int message(const char *id)
{
  int fd = stored_open(dir, id, ".eml");

  if (fd == -1) {
    failed = 1;
    if (errno == ENOENT) carp(id, ": there is no such message");
    else if (errno == EINVAL) carp("not an id: ", id);
    else carpsys("unable to read ", id);
  }
  return fd;
}

/* show, envelope, export ------------------------------------------------------- */

/* Append a line so that it does nothing to a terminal. */
static int plain(stralloc *out, const char *line, size_t len)
{
  size_t n;
  int ok = 1;

  for (; ok && len; line += n, len -= n) {
    n = utf8_length(line, len);
    if (*line == '\t' || (n && utf8_shows(line, n))) {
      n = n ? n : 1;
      ok = stralloc_catb(out, line, n);
    } else ok = escape_cat(out, line, n = 1, "");
  }
  return ok;
}

/* A line that does not fit into the buffer is shown as several. */
static void show(const char *id)
{
  static char in[65536];
  static stralloc out;
  size_t have = 0, at, n;
  ssize_t r;
  char *nl;
  int fd = message(id);

  if (fd == -1) return;
  while ((r = read(fd, in + have, sizeof in - have)) || have) {
    if (r == -1 && errno != EINTR) diesys(111, "unable to read ", id);
    have += r > 0 ? (size_t) r : 0;
    out.len = 0;
    for (at = 0; at < have; at += n) {
      nl = memchr(in + at, '\n', have - at);
      if (!nl && r && (have - at < sizeof in)) break;
      n = nl ? (size_t) (nl - in) - at : have - at;
      if (!plain(&out, in + at, n - (nl && n && in[at + n - 1] == '\r')) || !stralloc_append(&out, "\n"))
        die(111, "out of memory");
      n += !!nl;
    }
    if (copy_write(1, out.s, out.len) == -1) diesys(111, "unable to write");
    memmove(in, in + at, have - at);
    have -= at;
  }
  close(fd);
}

static void copy_out(const char *id, const char *suffix)
{
  int fd = stored_open(dir, id, suffix);

  if (fd == -1 && errno == ENOENT && strcmp(suffix, ".eml")) return;
  if (fd == -1) fd = message(id);
  if (fd == -1) return;
  if (copy_rest(fd, 1) == -1) diesys(111, "unable to copy ", id);
  close(fd);
}

static void envelope(const char *id)
{
  static struct stored s;

  if (!known(id, &s)) return;
  copy_out(id, ".env");
  copy_out(id, ".rel");
}

static void export(const char *id)
{
  static struct stored s;
  int fd = message(id);

  if (fd == -1 || !known(id, &s)) return;
  if (stored_verify(fd, &s) != 1) die(111, id, ": the message is not the one that was stored");
  close(fd);
  copy_out(id, ".eml");
}

/* delete, release ---------------------------------------------------------------- */

static void delete(const char *id)
{
  static struct stored s;
  struct ledger line;
  struct stat st;
  int fd = message(id), r;

  if (fd == -1) return;
  if (fstat(fd, &st) == -1) diesys(111, "unable to read ", id);
  close(fd);
  r = release_hold(dir, id);
  if (r != 1) {
    if (r == 0) carp(id, ": a process releases it");
    else carpsys("unable to lock ", id);
    failed = 1;
    return;
  }
  line = stored_ledger(id, stored_read(dir, id, &s) == 1 ? &s : 0, "deleted from the store");
  line.size = (unsigned long) st.st_size;
  if (ledger_deleted(&line) != 1) diesys(111, "unable to write the ledger");
  if (stored_remove(dir, id) != 1 || fsync(dir) == -1) diesys(111, "unable to delete ", id);
  quota_give(dir, line.size);
}

/* The control files of a mailbox are in ports/NAME/account. */
static void enter_account(void)
{
  if (chdir("account") == -1 && errno != ENOENT && errno != ENOTDIR) diesys(111, "unable to enter account");
}

/* The directory of the port that a message came through. */
static void enter(const char *name)
{
  static stralloc path;

  if (entered) return;
  if (port) {
    if (chdir(port) == -1) diesys(111, "unable to enter ", port);
    enter_account();
    entered = 1;
    return;
  }
  if (!*name || *name == '.' || strchr(name, '/')) die(111, "no port, use -p: ", name);
  if (!stralloc_copys(&path, control_home()) || !stralloc_cats(&path, "/ports/") ||
      !stralloc_cats(&path, name) || !stralloc_0(&path)) die(111, "out of memory");
  if (chdir(path.s) == -1) diesys(111, "unable to enter ", path.s, "; use -p");
  enter_account();
}

static void let_go(const char *id, const char *address)
{
  static struct stored s;
  static stralloc why, refused;
  int r;

  if (!known(id, &s)) return;
  enter(s.port);
  r = release(dir, &s, address, again, &why, &refused);
  if (r == -1 && errno == EBADMSG) carp(id, ": the message is not the one that was stored");
  else if (r == -1) carpsys("unable to release ", id);
  else if (r == RELEASE_DOUBT) carp(id, ": in doubt, ", why.s, "; -f releases it all the same");
  else if (r == RELEASE_FAILED || r == RELEASE_BUSY) carp(id, ": not released: ", why.s);
  else if (r == RELEASE_PARTLY) carp(id, ": released in part");
  else if (printf("%s: %s\n", id, why.s) < 0 || fflush(stdout)) diesys(111, "unable to write");
  if (refused.len) copy_write(2, refused.s, refused.len);
  failed |= r != RELEASE_DONE;
}

/* check, sweep -------------------------------------------------------------------- */

static void check(void)
{
  static struct stored s;
  struct storedid *e;
  long n = stored_ids(dir, &e), i;
  int fd;

  if (n == -1) diesys(111, "unable to read the store");
  for (i = 0; i < n; ++i) {
    listing_progress("checked", i, n);
    if (!e[i].message) continue;
    if (!known(e[i].id, &s) || (fd = message(e[i].id)) == -1) continue;
    if (stored_verify(fd, &s) != 1) {
      carp(e[i].id, ": the message is not the one that was stored");
      failed = 1;
    }
    close(fd);
  }
  listing_progress(0, n, n);
  free(e);
  printf("%ld messages\n", n);
}

/* The limits of a store that is not the quarantine are its user's. */
static void sweep(char **words)
{
  struct quota q = { .files = 0 };
  struct swept s;

  if (!other && quota_read(&q) == -1) diesys(111, "unable to read the limits");
  for (; *words; ++words)
    if (!quota_word(&q, *words)) die(100, "not a limit: ", *words);
  if (quota_sweep(dir, &q, &s) == -1) diesys(111, "unable to sweep the store");
  printf("%lu messages of %lu bytes; %lu expired, %lu files of dead processes\n",
         s.files, s.bytes, s.gone, s.litter);
}

/* Each id of the arguments, or of standard input where one is - */
static void each(char **ids, void (*act)(const char *))
{
  static char line[200];

  for (; *ids; ++ids) {
    if (strcmp(*ids, "-")) act(*ids);
    else
      while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\t\r\n ")] = 0;
        if (*line) act(line);
      }
  }
}

static int is_address(const char *text)
{
  if (!*text) return 0;
  for (; *text; ++text)
    if ((unsigned char) *text < ' ' || strchr("<>\177", *text)) return 0;
  return 1;
}

static void release_each(const char *id)
{
  let_go(id, 0);
}

int main(int argc, char **argv)
{
  int c, tabs = !isatty(1);

  errmsg_iam("cm-quarantine");
  while ((c = getopt(argc, argv, "+s:p:ft")) != -1) {
    switch (c) {
      case 's': store = optarg; other = 1; break;
      case 'p': port = optarg; break;
      case 'f': again = 1; break;
      case 't': tabs = 1; break;
      default: die(100, usage);
    }
  }
  argv += optind;
  argc -= optind;
  if (!argc) die(100, usage);
  open_store();
  if (!strcmp(*argv, "list")) {
    if (argc > 1 && !strcmp(argv[1], "-t")) tabs = 1, ++argv;
    if (listing(dir, argv + 1, tabs) == -1) failed = 1;
  }
  else if (!strcmp(*argv, "show") && argc == 2) each(argv + 1, show);
  else if (!strcmp(*argv, "envelope") && argc == 2) each(argv + 1, envelope);
  else if (!strcmp(*argv, "export") && argc == 2) each(argv + 1, export);
  else if (!strcmp(*argv, "delete") && argc > 1) each(argv + 1, delete);
  else if (!strcmp(*argv, "release") && argc == 2) each(argv + 1, release_each);
  else if (!strcmp(*argv, "release") && argc == 3) {
    if (!is_address(argv[2])) die(100, "not an address: ", argv[2]);
    let_go(argv[1], argv[2]);
  }
  else if (!strcmp(*argv, "check") && argc == 1) check();
  else if (!strcmp(*argv, "sweep")) sweep(argv + 1);
  else die(100, usage);
  if (fflush(stdout)) diesys(111, "unable to write");
  return failed ? 111 : 0;
}
