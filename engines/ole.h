#ifndef CM_OLE_H
#define CM_OLE_H

/* The compound files of old Office documents, of Outlook's messages and of much
 * else: storages, which are folders, and streams, which are files. [MS-CFB] */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  OLE_ENTRIES = 10000,  /* storages and streams; what is behind them is not read */
  OLE_NAME    = 97      /* a name of 32 characters in UTF-8, with a 0 behind it */
};

struct ole_entry {
  char name[OLE_NAME];
  int storage;          /* 1, also the root; 0: a stream */
  int parent;           /* index of the storage that it is in; -1: root, or none */
  uint64_t size;
  unsigned char class[16];
  uint32_t left, right, child, start;  /* private, as the rest */
};

struct ole {
  size_t count;
  struct ole_entry *entries;  /* the first is the root */
  int fd;
  unsigned int shift;         /* a sector has 1 << shift bytes */
  uint32_t sectors, fats, minis;
  uint32_t *fat, *mini;
  uint32_t cutoff, directory; /* smaller streams are in the ministream */
  int broken;                 /* chains that go nowhere, and the like */
};

/* Read the directory. 1; 0: no compound file; -1 with errno. */
int ole_open(struct ole *ole, int fd);

/* Read len bytes of a stream from offset on. Bytes read; -1 with errno. */
ssize_t ole_read(struct ole *ole, const struct ole_entry *entry, uint64_t offset,
                 char *to, size_t len);

/* The entry of this name, in whatever case, in the storage with this index, or 0. */
const struct ole_entry *ole_find(const struct ole *ole, int parent, const char *name);

void ole_close(struct ole *ole);

#endif
