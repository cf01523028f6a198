#include "clam.h"

#include <clamav.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CUT 65536  /* a file that is cut ends at most so far below the limit */

static struct cl_engine *engine;
static struct cl_scan_options options;
static struct cl_stat state[CLAM_DATABASES];  /* of the directories, as they were loaded */
static size_t states;
static int quiet;  /* what it says of messages would be a stranger's words in the log */

static void say(enum cl_msg severity, const char *full, const char *msg, void *context)
{
  (void) full;
  (void) context;
  if (!quiet && severity >= CL_MSG_WARN)
    dprintf(2, "libclamav: %.*s\n", (int) strcspn(msg, "\r\n"), msg);
}

/* What one scan learns besides its result. */
struct scan {
  const char *name;             /* of what was found */
  int limited;                  /* a limit was reached, and libclamav does not tell */
  unsigned long long declared;  /* bytes that the files in archives say they have */
};

static unsigned long filemax, totalmax;

static void on_found(int fd, const char *name, void *context)
{
  (void) fd;
  ((struct scan *) context)->name = name;
}

/* Some unpackers of libclamav cut a file that is too large, look at its
 * beginning and say nothing of it: to find such a one, its declared size and the
 * size of what was unpacked are looked at here. */
static cl_error_t on_archive(const char *container, unsigned long packed, const char *name, unsigned long size,
                             int encrypted, unsigned int position, void *context)
{
  struct scan *s = context;

  (void) container;
  (void) packed;
  (void) name;
  (void) encrypted;
  (void) position;
  if (size != 0xffffffff) s->declared += size;  /* else it is not known here */
  if ((size > filemax && size != 0xffffffff) || s->declared / 2 > totalmax) s->limited = 1;
  return CL_CLEAN;
}

static cl_error_t on_file(int fd, const char *type, const char **ancestors, size_t parent, const char *name, size_t size,
                          const char *bytes, uint32_t depth, uint32_t attributes, void *context)
{
  (void) fd;
  (void) type;
  (void) ancestors;
  (void) parent;
  (void) name;
  (void) bytes;
  (void) attributes;
  if (depth && size + CUT > filemax) ((struct scan *) context)->limited = 1;
  return CL_CLEAN;
}

static int set_limits(const struct clam_limits *l)
{
  const struct { enum cl_engine_field field; unsigned long value; } all[] = {
    { CL_ENGINE_MAX_FILESIZE, l->file },
    { CL_ENGINE_MAX_SCANSIZE, l->total },
    { CL_ENGINE_MAX_FILES, l->files },
    { CL_ENGINE_MAX_RECURSION, l->depth },
    { CL_ENGINE_MAX_SCANTIME, l->seconds * 1000 },
    /* Its cache of clean files goes by MD5, for which two files can be made. */
    { CL_ENGINE_DISABLE_CACHE, 1 },
  };
  size_t i;

  for (i = 0; i < sizeof all / sizeof *all; ++i)
    if (cl_engine_set_num(engine, all[i].field, (long long) all[i].value) != CL_SUCCESS) return 0;
  filemax = l->file;
  totalmax = l->total;
  cl_engine_set_clcb_virus_found(engine, on_found);
  cl_engine_set_clcb_meta(engine, on_archive);
  cl_engine_set_clcb_file_inspection(engine, on_file);
  options.general = CL_SCAN_GENERAL_HEURISTICS;
  options.parse = ~0u;
  options.heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX;
  if (l->encrypted)
    options.heuristic |= CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE | CL_SCAN_HEURISTIC_ENCRYPTED_DOC;
  return 1;
}

static int fail(char *why, const char *what, cl_error_t error)
{
  snprintf(why, CLAM_ANSWER, "%s: %s", what, cl_strerror(error));
  clam_free();
  return 0;
}

int clam_load(char *const *directories, size_t count, const struct clam_limits *limits, char *why)
{
  unsigned char nothing[CLAM_DIGEST];
  unsigned int signatures = 0;
  cl_error_t e;
  size_t i;

  cl_set_clcb_msg(say);
  if ((e = cl_init(CL_INIT_DEFAULT)) != CL_SUCCESS) return fail(why, "libclamav", e);
  engine = cl_engine_new();
  if (!engine || !set_limits(limits)) return fail(why, "libclamav", CL_EMEM);
  for (i = 0; i < count && i < CLAM_DATABASES; ++i) {
    e = cl_statinidir(directories[i], state + i);
    if (e != CL_SUCCESS) return fail(why, directories[i], e);
    states = i + 1;
    e = cl_load(directories[i], engine, &signatures, CL_DB_STDOPT);
    if (e != CL_SUCCESS) return fail(why, directories[i], e);
  }
  if (!signatures) return fail(why, "no signatures", CL_EOPEN);
  if ((e = cl_engine_compile(engine)) != CL_SUCCESS) return fail(why, "signatures", e);
  /* What libraries read when they are first used, a scanner could not read. */
  tzset();
  cl_sha256("", 0, nothing, 0);
  snprintf(why, CLAM_ANSWER, "%u signatures", signatures);
  return 1;
}

int clam_changed(void)
{
  char *directory;
  size_t i;
  int changed = 0;

  for (i = 0; i < states; ++i) {
    if (cl_statchkdir(state + i) != 1) continue;
    changed = 1;
    directory = strdup(state[i].dir);
    cl_statfree(state + i);
    if (directory) cl_statinidir(directory, state + i);
    free(directory);
  }
  return changed;
}

void clam_free(void)
{
  while (states) cl_statfree(state + --states);
  if (engine) cl_engine_free(engine);
  engine = 0;
}

void clam_confined(void)
{
  quiet = 1;
  cl_engine_set_str(engine, CL_ENGINE_TMPDIR, ".");
}

void clam_scan(int fd, char answer[CLAM_ANSWER])
{
  struct scan s = { 0 };
  const char *name = 0;
  unsigned long scanned = 0;
  cl_error_t e;
  char byte;

  /* It says OK to a descriptor that it cannot read. */
  if (pread(fd, &byte, 1, 0) == -1) {
    snprintf(answer, CLAM_ANSWER, "unable to read: %s ERROR", strerror(errno));
    return;
  }
  e = cl_scandesc_callback(fd, 0, &name, &scanned, engine, &options, &s);
  if (!name || !*name) name = s.name && *s.name ? s.name : "unnamed";
  if (e == CL_VIRUS) snprintf(answer, CLAM_ANSWER, "%.300s FOUND", name);
  else if (e != CL_CLEAN) snprintf(answer, CLAM_ANSWER, "%.300s ERROR", cl_strerror(e));
  else snprintf(answer, CLAM_ANSWER, s.limited ? "Heuristics.Limits.Exceeded.MaxFileSize FOUND" : "OK");
}

int clam_digest(int fd, unsigned char digest[CLAM_DIGEST])
{
  static unsigned char bytes[65536];
  void *hash = cl_hash_init("sha256");
  off_t at = 0;
  ssize_t r = -1;

  while (hash && (r = pread(fd, bytes, sizeof bytes, at)) > 0) {
    cl_update_hash(hash, bytes, (size_t) r);
    at += r;
  }
  if (hash) cl_finish_hash(hash, digest);
  return hash && !r;
}

const char *clam_version(void)
{
  static char text[200];
  time_t made = engine ? (time_t) cl_engine_get_num(engine, CL_ENGINE_DB_TIME, 0) : 0;
  long long version = engine ? cl_engine_get_num(engine, CL_ENGINE_DB_VERSION, 0) : 0;

  if (version) snprintf(text, sizeof text, "ClamAV %s/%lld/%.24s", cl_retver(), version, ctime(&made));
  else snprintf(text, sizeof text, "ClamAV %s", cl_retver());
  return text;
}
