/* letters WORD...: what cm-fetch does with a mailbox, one word after the other, in the
 * directory of an account. Each prints its name and what came of it, and trouble behind
 * what is not 1.
 *   open  list  close
 *   fetch:UID       and whether it is plain, the SHA-256, and the text, which goes to ./UID
 *   ahead:UID,UID,...
 *   delete:UID
 *   idle:SECONDS
 *   wait:FILE       until there is such a file; it is removed
 *   tell:FILE       makes one
 * list prints a line for each letter: UID, size, and deleted. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postbox.h"

static struct account account;
static struct postbox postbox;

static void result(const char *word, int r)
{
  printf("%s %d%s%s\n", word, r, r == 1 ? "" : " ", r == 1 || !postbox.trouble ? "" : postbox.trouble);
}

static const struct letter *find(const char *uid, size_t len)
{
  size_t i;

  for (i = 0; i < postbox.count; ++i)
    if (strlen(postbox.letters[i].uid) == len && !memcmp(postbox.letters[i].uid, uid, len)) return postbox.letters + i;
  fprintf(stderr, "no letter %.*s\n", (int) len, uid);
  exit(100);
}

static void list(void)
{
  const struct letter *l;
  int r = postbox_list(&postbox);

  result("list", r);
  for (l = postbox.letters; r == 1 && l < postbox.letters + postbox.count; ++l)
    printf("%s %llu%s\n", l->uid, l->size, l->deleted ? " deleted" : "");
}

static void fetch(const char *uid)
{
  struct message m;
  struct sha256 again;
  unsigned char twice[SHA256_SIZE];
  static char text[65536];
  ssize_t n;
  int r, fd;

  spool_begin(&m.spool, "", 0);
  r = postbox_fetch(&postbox, find(uid, strlen(uid)), &m);
  if (r == 1 && spool_end(&m.spool, 1) == 1) {
    fd = open(uid, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    sha256_begin(&again);
    while ((n = read(m.spool.fd, text, sizeof text)) > 0) {
      sha256_add(&again, text, (size_t) n);
      if (write(fd, text, (size_t) n) != n) exit(111);
    }
    sha256_end(&again, twice);
    close(fd);
    printf("fetch %s 1 %s%s\n", uid, m.plain ? "plain" : "dotted", memcmp(twice, m.hash, sizeof twice) ? " wrong sum" : "");
  } else printf("fetch %s %d %s\n", uid, r, postbox.trouble);
  spool_drop(&m.spool);
}

static void ahead(const char *uids)
{
  const struct letter *l[100];
  size_t count = 0, n;

  for (; *uids; uids += n + (uids[n] == ',')) {
    n = strcspn(uids, ",");
    l[count++] = find(uids, n);
  }
  result("ahead", postbox_ahead(&postbox, l, count));
}

static void wait_for(const char *file)
{
  int i;

  for (i = 0; i < 400 && unlink(file); ++i) usleep(50000);
  printf("wait %s\n", i < 400 ? "1" : "0");
}

static void word(char *w)
{
  static const char *const names[] = { "open", "list", "close", "fetch", "ahead", "delete", "idle", "wait", "tell", 0 };
  char *rest = strchr(w, ':');
  int i;

  if (rest) *rest++ = 0;
  for (i = 0; names[i] && strcmp(names[i], w); ++i) ;
  if (!names[i] || (i > 2 && !rest)) exit(100);
  switch (i) {
    case 0: result("open", postbox_open(&postbox, &account)); break;
    case 1: list(); break;
    case 2: result("close", postbox_close(&postbox)); break;
    case 3: fetch(rest); break;
    case 4: ahead(rest); break;
    case 5: result("delete", postbox_delete(&postbox, find(rest, strlen(rest)))); break;
    case 6: result("idle", postbox_idle(&postbox, strtoul(rest, 0, 10))); break;
    case 7: wait_for(rest); break;
    default: close(open(rest, O_CREAT | O_WRONLY, 0600));
  }
  fflush(stdout);
}

int main(int argc, char **argv)
{
  stralloc trouble = { 0 };
  int i;

  signal(SIGPIPE, SIG_IGN);
  if (!account_read(&account, &trouble)) {
    fprintf(stderr, "%s\n", trouble.s);
    return 111;
  }
  for (i = 1; i < argc; ++i) word(argv[i]);
  return 0;
}
