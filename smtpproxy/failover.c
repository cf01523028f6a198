#include "failover.h"

#include "clock.h"
#include "state.h"

#define CELLS 1024
#define MOMENT 60         /* seconds that it is remembered */
#define PATIENCE 240000   /* milliseconds; RFC 5321, 4.5.3.2.1: a client waits 5 minutes */

static struct state state = { .fd = -1 };

/* The key of a server's cell is where it is; its count is 1 while it is down.
 * 1: the cell is there and locked. */
static int look(const struct upstream *u, struct cell *cell)
{
  static stralloc key;

  if (!stralloc_copys(&key, u->host) || !stralloc_cats(&key, " ") ||
      !stralloc_cats(&key, u->port ? u->port : "")) return 0;
  if (state.fd == -1 && state_open(&state, "upstreams", CELLS) != 1) return 0;
  return state_get(&state, key.s, key.len, 0, cell) != -1;
}

static void change(struct cell *cell, unsigned int down)
{
  cell->count[0] = down;
  cell->last = (uint64_t) clock_day().tv_sec;
  state_set(&state, cell);
}

/* Did it not answer a moment ago? When the moment is over one process tries for all:
 * the others are told so until it knows. */
static int is_down(const struct upstream *u)
{
  uint64_t now = (uint64_t) clock_day().tv_sec;
  struct cell cell;

  if (!u->host || !look(u, &cell)) return 0;
  /* A clock that was put back makes no moment longer. */
  if (cell.count[0] && (cell.last > now || now - cell.last >= MOMENT)) change(&cell, 1);
  else {
    state_leave(&state, &cell);
    return cell.count[0] != 0;
  }
  return 0;
}

static void note(const struct upstream *u, unsigned int down)
{
  struct cell cell;

  if (!look(u, &cell)) return;
  if (down || cell.count[0]) change(&cell, down);
  else state_leave(&state, &cell);
}

static unsigned long least(unsigned long a, unsigned long b)
{
  return a < b ? a : b;
}

/* last: there is no other to go on to, and it may take its time. 1 or 0. */
static int try(struct session *s, long long end, int last,
               int (*reach)(struct session *s, unsigned long connect, unsigned long reply))
{
  long long left = (end - clock_ms()) / 1000;
  unsigned long most = left > 0 ? (unsigned long) left : 1;
  int answered;

  if (!s->to->host) return 1;
  if (left <= 0) return 0;
  answered = reach(s, least(s->set.timeoutconnect, most),
                   least(last ? s->set.timeoutremote : s->set.timeoutconnect, most));
  note(s->to, !answered);
  return answered;
}

int failover(struct session *s, const struct upstreams *list,
             int (*reach)(struct session *s, unsigned long connect, unsigned long reply))
{
  long long end;
  size_t order[UPSTREAM_LINES], n = 0, down = list->count, i;

  s->to = list->each;
  if (list->count == 1) return !s->to->host || reach(s, s->set.timeoutconnect, s->set.timeoutremote);
  end = clock_ms() + PATIENCE;
  for (i = 0; i < list->count; ++i) {
    if (is_down(list->each + i)) order[--down] = i;
    else order[n++] = i;
  }
  /* Those that are down stand behind the others, the last of them first. */
  for (i = 0; i < list->count; ++i) {
    s->to = list->each + order[i < n ? i : list->count - 1 - (i - n)];
    if (try(s, end, i + 1 == list->count, reach)) return 1;
  }
  s->to = list->each;
  return 0;
}
