/* cm-filter-store: keep a copy of each message, with its envelope, in a store,
 * cm-store(5). It is on the disk before the stage answers. What became of the
 * message is not known here; the mail log tells, by the same id. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "envelope.h"
#include "id.h"
#include "stage.h"
#include "store.h"

/* The port's directory, or the suite's, as control_open looks for files. */
static int open_store(const char *name)
{
  static stralloc path;
  int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd != -1 || errno != ENOENT || *name == '/') return fd;
  if (!stralloc_copys(&path, control_home()) || !stralloc_cats(&path, "/") || !stralloc_cats(&path, name) ||
      !stralloc_0(&path)) stage_nomem();
  return open(path.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The recipients, a line each; by hand there may be none. */
static const char *recipients(void)
{
  static stralloc list;
  size_t i;

  envelope_recipients(&list);
  for (i = 0; i < list.len; ++i) if (!list.s[i]) list.s[i] = '\n';
  if (!stralloc_0(&list)) stage_nomem();
  return list.s;
}

/* The name of the port is that of its directory, where we are. */
static const char *port(void)
{
  static char path[4096];
  const char *slash = getcwd(path, sizeof path) ? strrchr(path, '/') : 0;

  return slash && slash[1] ? slash + 1 : "-";
}

int main(int argc, char **argv)
{
  static char made[ID_SIZE];
  struct quota quota = { .files = 1000 };
  struct store e = { .id = getenv("CM_ID"), .port = port(), .verdict = "-", .stage = "-", .reason = "",
                     .sender = getenv("SENDER") };
  int dir, i;

  stage_begin("cm-filter-store", 1);
  for (i = 1; i < argc && strchr(argv[i], '='); ++i)
    if (!quota_word(&quota, argv[i])) stage_die("not a limit: ", argv[i]);
  if (i + 1 != argc || !*argv[i]) stage_die("usage: cm-filter-store [days=N] [files=N] [size=N] [age=N] DIR");
  if (!e.sender) e.sender = "";
  if (!e.id || !*e.id) {
    id_make(made);
    e.id = made;
  }
  dir = open_store(argv[i]);
  if (dir == -1) stage_diesys("unable to open ", argv[i]);
  e.recipients = recipients();
  if (store_keep(dir, &quota, 0, &e) == 1) return VERDICT_DELIVER;
  if (errno == EDQUOT) stage_die(argv[i], " is full");
  stage_diesys("unable to store the message in ", argv[i]);
}
