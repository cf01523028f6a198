#include "run.h"

#include <limits.h>
#include <unistd.h>

#include "control.h"
#include "files.h"
#include "owfat.h"

/* This program stands among them. */
const char *run_path(void)
{
  static stralloc path;
  char exe[PATH_MAX];
  ssize_t len = readlink("/proc/self/exe", exe, sizeof exe);

  if (len == -1) diesys(111, "unable to find where this program is");
  while (len && exe[len - 1] != '/') --len;
  if (!stralloc_copyb(&path, exe, (size_t) len - 1) || !stralloc_cats(&path, ":/usr/local/bin:/usr/bin:/bin") ||
      !stralloc_0(&path)) die(111, "out of memory");
  return path.s;
}

void run_env(void)
{
  files_folder("env", 0755);
  files_say(run_path());
  files_say("\n");
  files_save("env/PATH", 0644);
  files_say(control_home());
  files_say("\n");
  files_save("env/CM_HOME", 0644);
}

void run_log(const struct passwd *logger)
{
  files_folder("log", 0755);
  files_folder("log/main", 0750);
  files_give("log/main", logger);
  files_say("#!/bin/sh\nexec ");
  if (!geteuid()) {
    files_say("setuidgid ");
    files_say(logger->pw_name);
    files_say(" ");
  }
  files_say("multilog t s1000000 n20 ./main\n");
  files_save("log/run", 0755);
}

void run_begin(const char *tool, const struct passwd *acct)
{
  files_say("#!/bin/sh\nexec 2>&1\nexec envdir ./env ");
  if (geteuid()) return;
  files_say(tool);
  files_say(" ");
  files_say(acct->pw_name);
  files_say(" ");
}
