#include "account.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "stop.h"

struct account account_find(const char *name)
{
  const struct passwd *p = getpwnam(name);

  if (!p) stop(TROUBLE, "there is no account ", name);
  return (struct account) { name, p->pw_uid, p->pw_gid };
}

void account_become(const struct account *a)
{
  if (!*a->name || (a->uid == getuid() && a->uid == geteuid())) return;
  if (setgroups(0, 0) == -1 || setgid(a->gid) == -1 || setuid(a->uid) == -1)
    stop(TROUBLE, "unable to become ", a->name);
  if (setuid(0) != -1) stop(TROUBLE, "still able to be root as ", a->name);
}
