#include "deny.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What becomes of a call. SELF0, SELF1: allowed for the process itself, by the argument
 * 0 or 1. CHANGE: of files; MANY: of processes; SIGNAL: to others;
 * WAIT: for others; SPACES: what its
 * stages would have apart. */
enum act { PASS, KILL, REFUSE, MISSING, SELF0, SELF1, SOCKET, PAIR, CLONE, IOCTL, FCNTL, CHANGE, MANY, SIGNAL,
           TRUNCATE, WAIT, SPACES };

enum {
  CALLS = 463,  /* what has a higher number is younger than this list */
  X32 = 0x40000000,
  THREAD = 0x10000, NAMESPACES = 0x7e020000  /* flags of clone */
};

#define CALL(name, act) { SYS_##name, act }

static const struct { unsigned short number, act; } calls[] = {
  /* Other processes. */
  CALL(ptrace, KILL), CALL(process_vm_readv, KILL), CALL(process_vm_writev, KILL), CALL(kcmp, KILL),
  { 438 /* pidfd_getfd */, KILL }, { 440 /* process_madvise */, KILL },
  CALL(kill, SIGNAL), CALL(tkill, SIGNAL), CALL(tgkill, SIGNAL), CALL(rt_sigqueueinfo, SIGNAL),
  CALL(rt_tgsigqueueinfo, SIGNAL), { 424 /* pidfd_send_signal */, SIGNAL }, { 448 /* process_mrelease */, KILL },
  CALL(prlimit64, SELF0), CALL(sched_setaffinity, SELF0), CALL(sched_setparam, SELF0),
  CALL(sched_setscheduler, SELF0), CALL(sched_setattr, SELF0), CALL(setpriority, SELF1), CALL(ioprio_set, SELF1),
  CALL(migrate_pages, REFUSE), CALL(move_pages, REFUSE),
  CALL(shmget, REFUSE), CALL(msgget, REFUSE), CALL(semget, REFUSE), CALL(mq_open, REFUSE), CALL(mq_unlink, REFUSE),
  CALL(shmctl, REFUSE), CALL(msgctl, REFUSE), CALL(semctl, REFUSE), CALL(shmat, REFUSE),
  CALL(msgsnd, REFUSE), CALL(msgrcv, REFUSE), CALL(semop, REFUSE), CALL(semtimedop, REFUSE),
  /* The kernel's larger doors. */
  CALL(bpf, KILL), CALL(perf_event_open, KILL), CALL(userfaultfd, KILL), CALL(personality, KILL),
  CALL(keyctl, KILL), CALL(add_key, KILL), CALL(request_key, KILL),
  { 425 /* io_uring_setup */, KILL }, { 426 /* io_uring_enter */, KILL }, { 427 /* io_uring_register */, KILL },
  CALL(fanotify_init, KILL), CALL(fanotify_mark, KILL), CALL(open_by_handle_at, KILL), CALL(name_to_handle_at, REFUSE),
  /* File systems and spaces of names. */
  CALL(mount, KILL), CALL(umount2, KILL), CALL(pivot_root, KILL), CALL(chroot, KILL), CALL(unshare, SPACES),
  CALL(setns, KILL), CALL(quotactl, KILL), { 443 /* quotactl_fd */, KILL },
  { 428 /* open_tree */, KILL }, { 429 /* move_mount */, KILL }, { 430 /* fsopen */, KILL }, { 431 /* fsconfig */, KILL },
  { 432 /* fsmount */, KILL }, { 433 /* fspick */, KILL }, { 442 /* mount_setattr */, KILL },
  /* The machine. */
  CALL(init_module, KILL), CALL(finit_module, KILL), CALL(delete_module, KILL), CALL(kexec_load, KILL),
#ifdef SYS_kexec_file_load
  CALL(kexec_file_load, KILL),
#endif
  CALL(reboot, KILL), CALL(swapon, KILL), CALL(swapoff, KILL), CALL(acct, KILL), CALL(syslog, KILL),
  CALL(settimeofday, KILL), CALL(clock_settime, KILL), CALL(clock_adjtime, REFUSE), CALL(adjtimex, REFUSE),
  CALL(sethostname, KILL), CALL(setdomainname, KILL), CALL(vhangup, KILL),
#ifdef __x86_64__
  CALL(iopl, KILL), CALL(ioperm, KILL), CALL(modify_ldt, KILL), CALL(uselib, KILL), CALL(_sysctl, KILL),
  CALL(ustat, REFUSE), CALL(fork, MANY), CALL(vfork, MANY), CALL(mknod, REFUSE),
  CALL(chmod, CHANGE), CALL(chown, CHANGE), CALL(lchown, CHANGE), CALL(utime, CHANGE), CALL(utimes, CHANGE),
  CALL(futimesat, CHANGE),
#endif
  /* Files, as far as Landlock does not look after them. */
  CALL(mknodat, REFUSE), CALL(fchmod, CHANGE), CALL(fchmodat, CHANGE), { 452 /* fchmodat2 */, CHANGE },
  CALL(fchown, CHANGE), CALL(fchownat, CHANGE), CALL(utimensat, CHANGE),
  CALL(setxattr, CHANGE), CALL(lsetxattr, CHANGE), CALL(fsetxattr, CHANGE),
  CALL(removexattr, CHANGE), CALL(lremovexattr, CHANGE), CALL(fremovexattr, CHANGE), CALL(truncate, TRUNCATE),
  /* Sockets. */
  CALL(socket, SOCKET), CALL(socketpair, PAIR), CALL(listen, WAIT), CALL(accept, WAIT), CALL(accept4, WAIT),
  CALL(ioctl, IOCTL), CALL(fcntl, FCNTL),
  CALL(clone, CLONE), { 435 /* clone3 */, MISSING },
};

static void put(struct deny *d, struct seccomp_step step)
{
  if (d->count < DENY_STEPS) d->steps[d->count++] = step;
}

#define PUT(...) put(d, (struct seccomp_step) __VA_ARGS__)

static void answer(struct deny *d, unsigned int what)
{
  PUT(SECCOMP_ANSWER(what));
}

/* Refused where what was loaded is one of these, or (others) where it is none. */
static void values(struct deny *d, const unsigned int *list, unsigned int n, int others)
{
  unsigned int i;

  for (i = 0; i < n; ++i) PUT(SECCOMP_EQUAL(list[i], (unsigned char) (n - i), 0));
  answer(d, others ? SECCOMP_FAIL(EPERM) : SECCOMP_ALLOW);
  answer(d, others ? SECCOMP_ALLOW : SECCOMP_FAIL(EPERM));
}

/* Nobody, or the process itself. */
static void self(struct deny *d, unsigned int argument)
{
  static const unsigned int who[] = { 0, 0 };

  PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(argument)));
  if (d->self < DENY_SELVES) d->selves[d->self++] = d->count + 1;
  values(d, who, 2, 1);
}

/* One kind of socket of the Internet: its type, and no protocol but the one that
 * Landlock means by it. What was loaded is the type. */
static void internet(struct deny *d, unsigned int type, unsigned int protocol)
{
  unsigned int both[] = { 0, protocol };

  PUT(SECCOMP_EQUAL(type, 0, 5));
  PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(2)));
  values(d, both, 2, 1);
}

static void sockets(struct deny *d)
{
  PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(0)));
  if (d->sockets & DENY_LOCAL) {
    PUT(SECCOMP_EQUAL(AF_UNIX, 0, 1));
    answer(d, SECCOMP_ALLOW);
  }
  if (d->sockets & (DENY_TCP | DENY_UDP)) {
    PUT(SECCOMP_EQUAL(AF_INET, 2, 0));
    PUT(SECCOMP_EQUAL(AF_INET6, 1, 0));
    answer(d, SECCOMP_FAIL(EPERM));
    PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(1)));
    PUT(SECCOMP_AND(15));
    if (d->sockets & DENY_TCP) internet(d, SOCK_STREAM & 15, 6);
    if (d->sockets & DENY_UDP) internet(d, SOCK_DGRAM & 15, 17);
  }
  answer(d, SECCOMP_FAIL(EPERM));
}

/* Threads, or all but other spaces of names. */
static void clones(struct deny *d)
{
  PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(0)));
  PUT(SECCOMP_BITS(NAMESPACES, 0, 1));
  answer(d, SECCOMP_KILL);
  if (!d->processes) {
    PUT(SECCOMP_BITS(THREAD, 1, 0));
    answer(d, SECCOMP_FAIL(EPERM));
  }
  answer(d, SECCOMP_ALLOW);
}

/* The part for calls that all have this act. */
static void leaf(struct deny *d, unsigned int act)
{
  /* Keys pressed for another, and signals to others by way of an owner. */
  static const unsigned int ioctls[] = { 0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */, 0x8901, 0x8902 };
  static const unsigned int fcntls[] = { 8 /* F_SETOWN */, 15 /* F_SETOWN_EX */ };
  static const unsigned int pairs[] = { AF_UNIX };

  switch (act) {
    case KILL: answer(d, SECCOMP_KILL); return;
    case REFUSE: answer(d, SECCOMP_FAIL(EPERM)); return;
    case MISSING: answer(d, SECCOMP_FAIL(ENOSYS)); return;
    case SELF0: self(d, 0); return;
    case SELF1: self(d, 1); return;
    case SOCKET: sockets(d); return;
    case CLONE: clones(d); return;
    case PAIR: PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(0))), values(d, pairs, 1, 1); return;
    case IOCTL: PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(1))), values(d, ioctls, 4, 0); return;
    case FCNTL: PUT(SECCOMP_LOAD(SECCOMP_ARGUMENT(1))), values(d, fcntls, 2, 0); return;
    default: answer(d, SECCOMP_ALLOW);
  }
}

/* What the settings make of an act. */
static unsigned char settled(const struct deny *d, unsigned int act)
{
  switch (act) {
    case CHANGE: return d->files ? PASS : REFUSE;
    case MANY: return d->processes ? PASS : REFUSE;
    case TRUNCATE: return d->level < 3 ? REFUSE : PASS;
    case WAIT: return d->server ? PASS : REFUSE;
    case SPACES: return d->server ? REFUSE : KILL;
    /* Landlock knows who is within. */
    case SIGNAL: return d->server || (d->processes && d->level > 5) ? PASS : SELF0;
    default: return (unsigned char) act;
  }
}

/* The parts of the calls from one to another, found by halves: the kernel walks
 * through the filter once for each call when it is installed. */
static int tree(struct deny *d, const unsigned char *acts, size_t from, size_t to)
{
  size_t middle, at = d->count, low, high;

  for (low = from; low < to && acts[low] == acts[from]; ++low) ;
  if (low == to) {
    leaf(d, acts[from]);
    return 1;
  }
  /* The place nearest to the middle where two parts meet. */
  middle = (from + to) / 2;
  for (low = middle; low > from && acts[low] == acts[low - 1]; --low) ;
  for (high = middle; high < to && acts[high] == acts[high - 1]; ++high) ;
  middle = low == from || (high < to && high - middle < middle - low) ? high : low;
  PUT(SECCOMP_LEAST((unsigned int) middle, 0, 0));
  if (!tree(d, acts, from, middle)) return 0;
  if (d->count == DENY_STEPS || d->count - at - 1 > 255) return 0;
  d->steps[at].yes = (unsigned char) (d->count - at - 1);
  return tree(d, acts, middle, to);
}

int deny_make(struct deny *d)
{
  unsigned char acts[CALLS] = { 0 };
  size_t i;

  for (i = 0; i < sizeof calls / sizeof *calls; ++i)
    if (calls[i].number < CALLS) acts[calls[i].number] = settled(d, calls[i].act);
  d->count = d->self = 0;
  PUT(SECCOMP_LOAD(SECCOMP_ARCH));
  PUT(SECCOMP_EQUAL(SECCOMP_OURS, 1, 0));
  answer(d, SECCOMP_KILL);
  PUT(SECCOMP_LOAD(SECCOMP_NUMBER));
  PUT(SECCOMP_LEAST(CALLS, 0, 3));
  PUT(SECCOMP_LEAST(X32, 1, 0));
  answer(d, SECCOMP_FAIL(ENOSYS));
  answer(d, SECCOMP_KILL);
  if (tree(d, acts, 0, CALLS) && d->count < DENY_STEPS && d->self < DENY_SELVES) return 1;
  errno = E2BIG;
  return -1;
}

int deny_enter(struct deny *d)
{
  unsigned int own = (unsigned int) getpid();
  size_t i;

  for (i = 0; i < d->self; ++i) d->steps[d->selves[i]].k = own;
  return seccomp_enter(d->steps, d->count);
}
