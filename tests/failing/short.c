/* Linked into every program, build/short/..., in front of what reads, writes and waits: a call
 * that may move less than it is asked to moves a byte, and after some thousands of them a
 * few; one that may be interrupted is, every other time. Row 77 of the fault matrix. Only what a
 * kernel may do: nothing of a datagram, of a line that is appended to a file, of a file of its
 * own, or of so little to a pipe that it goes at once; nothing that says it will not wait; and
 * not the header of the PROXY protocol, which a receiver may want in one piece, as nothing is
 * before it. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SINGLE 4000  /* calls of a process that move one byte; messages of megabytes shall end, too */
#define PROCFS 0x9fa0  /* statfs(2): what is written there is taken as a whole */
#define FEW 1000     /* bytes that the others move at most */

#define WRAPPED(type, name, ...) type __real_##name(__VA_ARGS__); type __wrap_##name(__VA_ARGS__)
WRAPPED(ssize_t, read, int fd, void *bytes, size_t len);
WRAPPED(ssize_t, write, int fd, const void *bytes, size_t len);
WRAPPED(ssize_t, readv, int fd, const struct iovec *v, int count);
WRAPPED(ssize_t, writev, int fd, const struct iovec *v, int count);
WRAPPED(ssize_t, recv, int fd, void *bytes, size_t len, int flags);
WRAPPED(ssize_t, send, int fd, const void *bytes, size_t len, int flags);
WRAPPED(ssize_t, sendmsg, int fd, const struct msghdr *m, int flags);
WRAPPED(ssize_t, recvmsg, int fd, struct msghdr *m, int flags);
WRAPPED(ssize_t, sendfile, int to, int from, off_t *at, size_t len);
WRAPPED(ssize_t, splice, int from, off_t *at, int to, off_t *there, size_t len, unsigned int flags);
WRAPPED(ssize_t, copy_file_range, int from, off_t *at, int to, off_t *there, size_t len, unsigned int flags);
WRAPPED(int, poll, struct pollfd *p, nfds_t count, int wait);
WRAPPED(int, ppoll, struct pollfd *p, nfds_t count, const struct timespec *wait, const sigset_t *set);
WRAPPED(pid_t, waitpid, pid_t pid, int *status, int options);
WRAPPED(int, waitid, idtype_t type, id_t id, siginfo_t *info, int options);
WRAPPED(int, nanosleep, const struct timespec *wait, struct timespec *left);
WRAPPED(int, flock, int fd, int operation);

enum { READ, WRITE, READV, WRITEV, RECV, SEND, SENDMSG, RECVMSG, SENDFILE, SPLICE, POLL, PPOLL, WAITPID, WAITID, SLEEP, FLOCK, ALL };

/* Is it interrupted this time? 1 or 0. */
static int interrupted(int which)
{
  static char now[ALL];

  if (!(now[which] = !now[which])) return 0;
  errno = EINTR;
  return 1;
}

static int waits(int fd)
{
  struct stat st;

  return !fstat(fd, &st) && !S_ISREG(st.st_mode) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* Does it go at once, or not at all? */
static int at_once(int fd, size_t len)
{
  struct stat st;

  return len <= PIPE_BUF && !fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

/* How many of so many bytes go. */
static size_t some(int fd, size_t len)
{
  static unsigned long calls;
  struct stat st;
  struct statfs fs;
  socklen_t size = sizeof(int);
  size_t few = 1;
  int type = 0;

  if (len < 2 || fstat(fd, &st)) return len;
  if (S_ISSOCK(st.st_mode) && (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_STREAM)) return len;
  if (S_ISREG(st.st_mode) && (fcntl(fd, F_GETFL) & O_APPEND || fstatfs(fd, &fs) || fs.f_type == PROCFS)) return len;
  if (!S_ISSOCK(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) return len;
  if (++calls > SINGLE) few = 1 + calls * 7919 % FEW;
  return few < len ? few : len;
}

/* The first piece that is not empty, and not all of it. */
static struct iovec piece(int fd, const struct iovec *v, size_t count)
{
  struct iovec one = { 0, 0 };

  while (count && !v->iov_len) ++v, --count;
  if (!count) return one;
  one.iov_base = v->iov_base;
  one.iov_len = some(fd, v->iov_len);
  return one;
}

/* May it be taken apart at all? */
static int divisible(int fd)
{
  return some(fd, 2 * FEW) < 2 * FEW;
}

ssize_t __wrap_read(int fd, void *bytes, size_t len)
{
  return waits(fd) && interrupted(READ) ? -1 : __real_read(fd, bytes, some(fd, len));
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
  if (at_once(fd, len)) return __real_write(fd, bytes, len);
  return waits(fd) && interrupted(WRITE) ? -1 : __real_write(fd, bytes, some(fd, len));
}

ssize_t __wrap_readv(int fd, const struct iovec *v, int count)
{
  struct iovec one = piece(fd, v, (size_t) count);

  if (waits(fd) && interrupted(READV)) return -1;
  return divisible(fd) ? __real_readv(fd, &one, 1) : __real_readv(fd, v, count);
}

ssize_t __wrap_writev(int fd, const struct iovec *v, int count)
{
  struct iovec one = piece(fd, v, (size_t) count);

  /* What libowfat says as a program dies: less than a page, and it does not try again. */
  if (fd == 2 || at_once(fd, 0)) return __real_writev(fd, v, count);
  if (waits(fd) && interrupted(WRITEV)) return -1;
  return divisible(fd) ? __real_writev(fd, &one, 1) : __real_writev(fd, v, count);
}

ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags)
{
  if (!(flags & MSG_DONTWAIT) && waits(fd) && interrupted(RECV)) return -1;
  return __real_recv(fd, bytes, flags & MSG_PEEK ? len : some(fd, len), flags);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
  if (len > 12 && !memcmp(bytes, "\r\n\r\n\0\r\nQUIT\n", 12)) return __real_send(fd, bytes, len, flags);
  if (!(flags & MSG_DONTWAIT) && waits(fd) && interrupted(SEND)) return -1;
  return __real_send(fd, bytes, some(fd, len), flags);
}

/* Descriptors go with a message, whole. */
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
  struct msghdr other = *m;
  struct iovec one = piece(fd, m->msg_iov, (size_t) m->msg_iovlen);

  if (!(flags & MSG_DONTWAIT) && waits(fd) && interrupted(SENDMSG)) return -1;
  if (m->msg_controllen || !divisible(fd)) return __real_sendmsg(fd, m, flags);
  other.msg_iov = &one;
  other.msg_iovlen = 1;
  return __real_sendmsg(fd, &other, flags);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
  return !(flags & MSG_DONTWAIT) && waits(fd) && interrupted(RECVMSG) ? -1 : __real_recvmsg(fd, m, flags);
}

ssize_t __wrap_sendfile(int to, int from, off_t *at, size_t len)
{
  return waits(to) && interrupted(SENDFILE) ? -1 : __real_sendfile(to, from, at, some(to, len));
}

ssize_t __wrap_splice(int from, off_t *at, int to, off_t *there, size_t len, unsigned int flags)
{
  return waits(from) && interrupted(SPLICE) ? -1 : __real_splice(from, at, to, there, some(from, len), flags);
}

ssize_t __wrap_copy_file_range(int from, off_t *at, int to, off_t *there, size_t len, unsigned int flags)
{
  return __real_copy_file_range(from, at, to, there, some(from, len), flags);
}

int __wrap_poll(struct pollfd *p, nfds_t count, int wait)
{
  return wait && interrupted(POLL) ? -1 : __real_poll(p, count, wait);
}

int __wrap_ppoll(struct pollfd *p, nfds_t count, const struct timespec *wait, const sigset_t *set)
{
  return (!wait || wait->tv_sec || wait->tv_nsec) && interrupted(PPOLL) ? -1 : __real_ppoll(p, count, wait, set);
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
  return !(options & WNOHANG) && interrupted(WAITPID) ? -1 : __real_waitpid(pid, status, options);
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
  return !(options & WNOHANG) && interrupted(WAITID) ? -1 : __real_waitid(type, id, info, options);
}

int __wrap_nanosleep(const struct timespec *wait, struct timespec *left)
{
  if (!interrupted(SLEEP)) return __real_nanosleep(wait, left);
  if (left) *left = *wait;
  return -1;
}

int __wrap_flock(int fd, int operation)
{
  return !(operation & LOCK_NB) && interrupted(FLOCK) ? -1 : __real_flock(fd, operation);
}
