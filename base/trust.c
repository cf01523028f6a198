#include "trust.h"

#include <unistd.h>

static const char *belongs(const struct stat *dir, const struct stat *home)
{
  if (!dir->st_uid || (home && dir->st_uid == home->st_uid) || dir->st_uid == geteuid()) return 0;
  return "it belongs to another account; become that one by setuidgid, or chown it";
}

const char *trust_why(const struct stat *dir, const struct stat *home)
{
  return dir->st_mode & S_IWOTH ? "anybody may write there" : belongs(dir, home);
}

const char *trust_above(const struct stat *dir, const struct stat *home)
{
  if (dir->st_mode & S_IWOTH && !(dir->st_mode & S_ISVTX)) return "anybody may write there";
  return belongs(dir, home);
}
