#include "guard.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "networks.h"
#include "peer.h"

/* The client that is guarded against; there is one session in a process. */
static struct {
  int known;               /* it is somebody, and not excepted: the rest is there */
  struct state state;
  struct ip ip;
  char name[IP_TEXT + 4];
  int suspect[BLOCK_REASONS];  /* there may be something to be forgiven */
} client = { .state = { .fd = -1 } };

static uint64_t now(void)
{
  return (uint64_t) clock_day().tv_sec;
}

/* Mail goes on without limits. */
static void trouble(const struct session *s)
{
  log_event("trouble", session_id(s), "unable to count clients in state/clients: ", strerror(errno));
}

/* What a client is counted by: the limit, the port and its address. */
static size_t key(int which, char *k)
{
  char *end = stpcpy(stpcpy(k, block_reasons[which]), " ");

  end = stpcpy(end, client.name);
  *end++ = ' ';
  /* The name of a directory has at most 255 bytes. */
  return (size_t) (stpcpy(end, peer_port()) - k);
}

static int get(int which, struct cell *cell)
{
  char k[16 + IP_TEXT + 4 + 257];

  return state_get(&client.state, k, key(which, k), 0, cell);
}

static void block(struct session *s, int which)
{
  struct block b = { .reason = (unsigned int) which, .since = now() };

  b.until = b.since + s->set.limits.of[which].block;
  if (block_set(&client.state, &client.ip, &b) == -1) trouble(s);
}

static void tell(struct session *s, int which)
{
  const struct limit *l = s->set.limits.of + which;
  char numbers[3][FMT_ULONG];

  numbers[0][fmt_ulong(numbers[0], l->most)] = 0;
  numbers[1][fmt_ulong(numbers[1], l->time)] = 0;
  numbers[2][fmt_ulong(numbers[2], l->block)] = 0;
  log_event("limit", session_id(s), client.name, " ", block_reasons[which], " above ", numbers[0],
            which == BLOCK_CONNECTIONS ? " at once" : " in ", which == BLOCK_CONNECTIONS ? "" : numbers[1],
            l->block ? ", blocked for " : "", l->block ? numbers[2] : "");
}

/* The client is above a limit: the session ends with a reply that says 421 or where
 * the client is blocked from now on. */
static const char *above(struct session *s, int which)
{
  const struct limit *l = s->set.limits.of + which;

  tell(s, which);
  if (l->block) block(s, which);
  if (l->block || !strncmp(l->text, "421", 3)) s->over = s->cut = 1;
  return l->text;
}

/* Count one more. The time begins with the first; who is blocked begins anew when
 * that is over. 0, or the reply of a client that is above the limit. */
static const char *count(struct session *s, int which)
{
  const struct limit *l = s->set.limits.of + which;
  struct cell cell;
  uint64_t t;
  int over;

  if (!client.known || !l->most) return 0;
  t = now();
  if (get(which, &cell) == -1) {
    trouble(s);
    return 0;
  }
  if (cell.first > t || t - cell.first >= l->time) {
    cell.first = t;
    cell.count[0] = 0;
  }
  if (cell.count[0] != UINT32_MAX) ++cell.count[0];
  over = cell.count[0] > l->most;
  if (over && l->block) cell.count[0] = 0;
  cell.last = t;
  client.suspect[which] = 1;
  if (state_set(&client.state, &cell) == -1) trouble(s);
  return over ? above(s, which) : 0;
}

/* What it did right takes back what it did wrong. */
static void forgive(struct session *s, int which)
{
  struct cell cell;

  if (!client.known || !s->set.limits.of[which].most || !client.suspect[which]) return;
  client.suspect[which] = 0;
  if (get(which, &cell) == -1) trouble(s);
  else if (!cell.count[0]) state_leave(&client.state, &cell);
  else {
    cell.count[0] = 0;
    if (state_set(&client.state, &cell) == -1) trouble(s);
  }
}

/* Is there one of the connections left that a client may have? */
static int has_room(struct session *s)
{
  char k[16 + IP_TEXT + 4 + 257];
  unsigned long most = s->set.limits.of[BLOCK_CONNECTIONS].most;
  int r = most ? state_slot(&client.state, k, key(BLOCK_CONNECTIONS, k), (unsigned int) most) : 1;

  if (r == -1) trouble(s);
  return r != 0;
}

/* Who is it, and does anything count for it? Slots of who it was before are free again. */
static int meet(struct session *s)
{
  if (client.state.fd != -1) close(client.state.fd);
  memset(&client, 0, sizeof client);
  client.state.fd = -1;
  if (!s->set.limits.any || !ip_scan(s->ip, strlen(s->ip), &client.ip) ||
      networks_have(&s->set.limits.unlimited, &client.ip)) return 0;
  block_client(&client.ip, client.name);
  if (block_open(&client.state) == -1) {
    trouble(s);
    return 0;
  }
  client.suspect[BLOCK_HARVEST] = client.suspect[BLOCK_AUTH] = 1;
  return client.known = 1;
}

/* Who is blocked hears so and leaves, also if it was another session of his that has brought it
 * about: with many open at once he would have as many times what one may do. */
static const char *blocked(struct session *s)
{
  struct block b;
  int r = client.known ? block_find(&client.state, &client.ip, now(), &b) : 0;

  if (r == -1) trouble(s);
  if (r != 1) return 0;
  log_event("blocked", session_id(s), client.name, " ", block_reasons[b.reason]);
  s->over = s->cut = 1;
  return s->set.limits.of[LIMIT_BLOCKED].text;
}

const char *guard_connect(struct session *s)
{
  const char *reply;

  if (!meet(s)) return 0;
  reply = blocked(s);
  if (!reply) reply = has_room(s) ? count(s, BLOCK_RATE) : above(s, BLOCK_CONNECTIONS);
  /* It has nothing to say yet that would have to be read. */
  s->over = reply != 0;
  s->cut = 0;
  return reply;
}

const char *guard_recipient(struct session *s, int good)
{
  const char *reply;

  if (!good) return (reply = blocked(s)) ? reply : count(s, BLOCK_HARVEST);
  forgive(s, BLOCK_HARVEST);
  return 0;
}

const char *guard_login(struct session *s, int good)
{
  const char *reply;

  if (!good) return (reply = blocked(s)) ? reply : count(s, BLOCK_AUTH);
  forgive(s, BLOCK_AUTH);
  return 0;
}

const char *guard_mail(struct session *s)
{
  const char *reply = blocked(s);

  if (!reply) reply = count(s, BLOCK_FLOOD);
  return reply || s->t.sender.len ? reply : count(s, BLOCK_NDR);
}
