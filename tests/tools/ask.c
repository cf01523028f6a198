/* ask TYPE NAME... [deadline MS]: what filters/dns.h answers, a line for each
 * NAME, all asked side by side; for tests. */

#include "clock.h"
#include "dns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const results[] = {
  "waiting", "found", "nxdomain", "nodata", "temporary", "timeout"
};

static enum dns_type type_of(const char *word)
{
  return !strcmp(word, "A") ? DNS_A : !strcmp(word, "AAAA") ? DNS_AAAA :
         !strcmp(word, "MX") ? DNS_MX : !strcmp(word, "PTR") ? DNS_PTR : DNS_TXT;
}

static void show(const struct dns_question *q)
{
  struct dns_record r;
  struct ip ip = { .len = q->type == DNS_A ? 4 : 16 };
  char text[IP_TEXT];
  size_t at = 0;

  fputs(results[q->result], stdout);
  if (q->count > 20) printf(" %u records", q->count);
  else while (dns_next(q, &at, &r)) {
    fputs(" [", stdout);
    if (q->type == DNS_MX) printf("%u ", r.preference);
    if (q->type == DNS_A || q->type == DNS_AAAA) {
      memcpy(ip.bytes, r.data, ip.len);
      ip_format(&ip, text);
      fputs(text, stdout);
    } else if (r.len > 300) printf("%zu bytes", r.len);
    else fwrite(r.data, 1, r.len, stdout);
    putchar(']');
  }
  putchar('\n');
}

int main(int argc, char **argv)
{
  static struct dns_question questions[200];
  const char *trouble = dns_begin();
  long long ms = 10000;
  int i;

  if (trouble) {
    puts(trouble);
    return 111;
  }
  if (argc > 4 && !strcmp(argv[argc - 2], "deadline")) {
    ms = atol(argv[argc - 1]);
    argc -= 2;
  }
  if (argc < 3 || argc > 202) return 100;
  for (i = 2; i < argc; ++i)
    if (!dns_ask(questions + i - 2, argv[i], type_of(argv[1]))) return 111;
  for (ms += clock_ms(); dns_wait(ms); ) ;
  for (i = 2; i < argc; ++i) show(questions + i - 2);
  return 0;
}
