/* spf2 ZONES: libspf2's results, for cm-filter-spf.t. ZONES is as tests/tools/nameserver
 * has it; standard input, and what comes out, are lines: IP DOMAIN [RESULT]. */

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <spf2/spf.h>
#include <spf2/spf_dns_zone.h>

static const struct { const char *name; ns_type type; } types[] = {
  { "A", ns_t_a }, { "AAAA", ns_t_aaaa }, { "MX", ns_t_mx }, { "PTR", ns_t_ptr }, { "TXT", ns_t_txt }
};

static void load(SPF_dns_server_t *dns, FILE *zones)
{
  char line[2000], name[300], type[20], value[1600];
  size_t i;

  while (fgets(line, sizeof line, zones))
    if (sscanf(line, "%299s %19s %1599[^\n]", name, type, value) == 3)
      for (i = 0; i < sizeof types / sizeof *types; ++i)
        if (!strcmp(type, types[i].name))
          SPF_dns_zone_add_str(dns, name, types[i].type, NETDB_SUCCESS,
                               strcmp(type, "MX") ? value : strchr(value, ' ') + 1);
}

int main(int argc, char **argv)
{
  SPF_dns_server_t *dns = SPF_dns_zone_new(0, "zone", 0);
  SPF_server_t *server = SPF_server_new_dns(dns, 0);
  FILE *zones = argc == 2 ? fopen(argv[1], "r") : 0;
  char ip[50], domain[300], from[310];
  SPF_response_t *response;
  SPF_request_t *request;

  if (!zones || !server) return 111;
  load(dns, zones);
  while (scanf("%49s %299s", ip, domain) == 2) {
    request = SPF_request_new(server);
    response = 0;
    if (strchr(ip, ':')) SPF_request_set_ipv6_str(request, ip);
    else SPF_request_set_ipv4_str(request, ip);
    snprintf(from, sizeof from, "joe@%s", domain);
    SPF_request_set_helo_dom(request, "out.mail.example");
    SPF_request_set_env_from(request, from);
    SPF_request_query_mailfrom(request, &response);
    printf("%s %s %s\n", ip, domain, SPF_strresult(SPF_response_result(response)));
    SPF_response_free(response);
    SPF_request_free(request);
  }
  return 0;
}
