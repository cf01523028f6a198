#ifndef CM_CLAM_H
#define CM_CLAM_H

/* The one door to libclamav: an engine with its signatures, and scans. A process
 * has one engine. */

#include <stddef.h>

#define CLAM_ANSWER 400     /* bytes of an answer, with its 0 */
#define CLAM_DATABASES 16
#define CLAM_DIGEST 32

struct clam_limits {
  unsigned long file;       /* bytes of a message, and of anything within it */
  unsigned long total;      /* bytes looked at for one message, decoded ones included */
  unsigned long files;      /* within one message */
  unsigned long depth;      /* of archives in archives */
  unsigned long seconds;    /* for one message */
  unsigned long encrypted;  /* 1: archives and documents that are encrypted are found */
};

/* Load the signatures of count directories. why: a line of CLAM_ANSWER bytes; on
 * success what was loaded. 1, or 0 (a database that is broken or missing, or no
 * signature at all). */
int clam_load(char *const *directories, size_t count, const struct clam_limits *limits, char *why);

/* Has a file of the directories changed since this was last asked, at first
 * since they were loaded? 1 or 0. */
int clam_changed(void);

/* Free all of it. */
void clam_free(void);

/* From now on, files may be made in the working directory only: before the first
 * scan of a process that can reach no other. */
void clam_confined(void);

/* Look at the whole file fd. answer: "OK", "NAME FOUND" or "WHY ERROR". */
void clam_scan(int fd, char answer[CLAM_ANSWER]);

/* The SHA-256 of the whole file fd. 1, or 0: it could not be read. */
int clam_digest(int fd, unsigned char digest[CLAM_DIGEST]);

/* "ClamAV VERSION", of the library and, once loaded, of the database. */
const char *clam_version(void);

#endif
