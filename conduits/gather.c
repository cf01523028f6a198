#include "gather.h"

#include <errno.h>
#include <string.h>

#include "ip.h"
#include "received.h"

#define ADDRESS 1024        /* bytes of one; RFC 5321, 4.5.3.1: 256 */
#define ENVELOPE 4194304    /* bytes of all recipients */

static int set(struct milter *m, stralloc *to, const char *text, size_t len)
{
  if (!stralloc_copyb(to, text, len) || !stralloc_0(to)) m->over = 1;
  return 1;
}

/* Will the text stand on a line of its own? */
static int clean(const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if ((unsigned char) text[i] < 32 || text[i] == 127) return 0;
  return 1;
}

/* Connection ------------------------------------------------------------------ */

/* A name only if the server believes in it: Sendmail says so by a macro, others by the name. */
static int named(const struct milter *m, const char *host)
{
  const char *resolved = macros_find(&m->macros, "{client_resolve}");

  return *host != '[' && strcmp(host, "unknown") && (!*resolved || !strcmp(resolved, "OK")) && clean(host, strlen(host));
}

int gather_connect(struct milter *m, const struct frame *f)
{
  size_t at = 0;
  const char *host = frame_text(f, &at), *family = host && at < f->len ? f->data + at : 0, *text;
  struct ip ip;

  *m->ip = 0;
  m->helo.len = 0;
  if (!family) return 0;
  if (!named(m, host)) host = "";
  if (*family == '4' || *family == '6') {
    at += 3;  /* the family, and a port */
    text = frame_text(f, &at);
    if (!text) return 0;
    if (!strncmp(text, "IPv6:", 5)) text += 5;
    if (ip_scan(text, strlen(text), &ip)) ip_format(&ip, m->ip);
  }
  return set(m, &m->host, host, strlen(host));
}

int gather_helo(struct milter *m, const struct frame *f)
{
  size_t at = 0;
  const char *name = frame_text(f, &at);

  return name && clean(name, strlen(name)) && set(m, &m->helo, name, strlen(name));
}

/* Envelope -------------------------------------------------------------------- */

/* The address without its brackets; 0: there is none that can be one. */
static const char *address(const struct frame *f, size_t *len)
{
  size_t at = 0;
  const char *text = frame_text(f, &at);

  if (!text) return 0;
  *len = strlen(text);
  if (*len > 1 && *text == '<' && text[*len - 1] == '>') ++text, *len -= 2;
  return *len <= ADDRESS && clean(text, *len) ? text : 0;
}

/* RFC 3848. Sendmail says what was spoken; of others ESMTP is the usual case. */
static const char *protocol(const struct milter *m)
{
  static const char *const names[] = { "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA" };

  if (!strcmp(macros_find(&m->macros, "r"), "SMTP")) return "SMTP";
  return names[(m->tls.len > 1 ? 2 : 0) + (*m->item.auth ? 1 : 0)];
}

static int encryption(struct milter *m)
{
  const char *version = macros_find(&m->macros, "{tls_version}"), *cipher = macros_find(&m->macros, "{cipher}");

  if (!clean(version, strlen(version)) || !clean(cipher, strlen(cipher))) return 0;
  if (!stralloc_copys(&m->tls, version) || (*version && *cipher && !stralloc_cats(&m->tls, " ")) ||
      (*version && !stralloc_cats(&m->tls, cipher)) || !stralloc_0(&m->tls)) m->over = 1;
  return 1;
}

int gather_mail(struct milter *m, const struct frame *f)
{
  struct item *i = &m->item;
  const char *sender, *user;
  static stralloc auth;
  size_t len;

  milter_reset(m);
  sender = address(f, &len);
  user = macros_find(&m->macros, "{auth_authen}");
  if (!sender || !clean(user, strlen(user)) || !encryption(m)) return 0;
  set(m, &m->sender, sender, len);
  set(m, &auth, user, strlen(user));
  if (!m->helo.len) set(m, &m->helo, "", 0);
  if (!m->host.len) set(m, &m->host, "", 0);
  if (m->over) return 1;
  item_begin(i);
  i->sender = m->sender.s;
  i->ip = m->ip;
  i->host = m->host.s;
  i->helo = m->helo.s;
  i->auth = auth.s;
  i->tls = m->tls.s;
  i->elsewhere = 1;
  i->protocol = protocol(m);
  m->open = 1;
  return 1;
}

int gather_recipient(struct milter *m, const struct frame *f)
{
  size_t len;
  const char *to = address(f, &len);

  if (!to || !m->open || m->began || m->item.recipients.len + len > ENVELOPE) return 0;
  if (!item_recipient(&m->item, to, len)) m->over = 1;
  ++m->count;
  return 1;
}

/* Message --------------------------------------------------------------------- */

/* The server puts its own Received field on the message when we have judged it. Filters see
 * ours in its place, which says the same. */
static void begin(struct milter *m)
{
  const struct item *i = &m->item;
  struct received r = {
    .helo = i->helo, .ip = i->ip, .host = i->host, .me = m->me.s, .id = i->id, .with = i->protocol, .tls = i->tls,
    .recipient = i->recipients.s, .length = m->count == 1 ? i->recipients.len - 1 : 0
  };

  m->began = 1;
  m->fields = 1;
  if (!received(&r, &m->head)) m->over = 1;
  m->item.top = m->head.len;
}

static int is_name(const char *name)
{
  const char *p = name;

  while (*p > 32 && *p < 127 && *p != ':') ++p;
  return p > name && !*p;
}

/* Without the blank that the server took away, it takes the next one for it. Lines are folded,
 * or their second one would be another field. */
static int value(struct milter *m, const char *text)
{
  stralloc *to = &m->head;
  const char *nl;
  size_t n;
  int ok = (m->offer.steps & OFFER_BLANK) || stralloc_cats(to, " ");

  for (; ok && (nl = strchr(text, '\n')); text = nl + 1) {
    n = (size_t) (nl - text);
    if (n && nl[-1] == '\r') --n;
    ok = stralloc_catb(to, text, n) && (!nl[1] || stralloc_cats(to, "\r\n")) &&
         (!nl[1] || nl[1] == ' ' || nl[1] == '\t' || stralloc_cats(to, " "));
  }
  return ok && stralloc_cats(to, text) && stralloc_cats(to, "\r\n");
}

int gather_field(struct milter *m, const struct frame *f)
{
  size_t at = 0;
  const char *name = frame_text(f, &at), *text = name ? frame_text(f, &at) : 0;

  if (!text || !is_name(name) || !m->open || m->bodied) return 0;
  if (!m->began) begin(m);
  ++m->fields;
  if (m->head.len + f->len > HEADER_MAX) m->large = 1;
  if (m->large || m->over) return 1;
  if (!stralloc_cats(&m->head, name) || !stralloc_cats(&m->head, ":") || !value(m, text)) m->over = 1;
  return 1;
}

static void keep(struct milter *m, const char *bytes, size_t len)
{
  struct item *i = &m->item;

  if (m->databytes && (unsigned long) i->message.size + len > m->databytes + i->top) m->large = 1;
  if (!len || m->large || m->trouble || m->over) return;
  if (item_write(i, bytes, len) == -1) m->trouble = errno;
}

/* The header is over. */
static void close_header(struct milter *m)
{
  m->bodied = 1;
  if (!m->began) begin(m);
  if (!stralloc_cats(&m->head, "\r\n")) m->over = 1;
  keep(m, m->head.s, m->head.len);
}

int gather_body(struct milter *m, const struct frame *f)
{
  if (!m->open) return 0;
  if (!m->bodied) close_header(m);
  keep(m, f->data, f->len);
  return 1;
}

int gather_end(struct milter *m, const struct frame *f)
{
  if (!gather_body(m, f)) return 0;
  if (m->large || m->trouble || m->over) return 1;
  switch (item_end(&m->item)) {
    case 0: m->large = 1; break;
    case -1: m->trouble = errno;
  }
  return 1;
}
