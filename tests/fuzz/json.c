/* JSON under any bytes: values lie inside of the text, none ends before it
 * begins or behind the one it is in, and strings hold no NUL.
 * modules: filters/json.c */

#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static void look(const struct json *all, const struct json *v, const char *text, size_t size, size_t outer)
{
  size_t number = (size_t) (v - all);

  must(v->end > number && v->end <= outer);
  if (v->key) must(v->key >= text && v->key + v->keylen <= text + size && !memchr(v->key, 0, v->keylen));
  if (v->kind == JSON_STRING || v->kind == JSON_NUMBER)
    must(v->text >= text && v->text + v->len <= text + size && !memchr(v->text, 0, v->len));
  if (v->kind == JSON_ARRAY || v->kind == JSON_OBJECT)
    for (number = number + 1; number < v->end; number = all[number].end) look(all, all + number, text, size, v->end);
  else must(v->end == number + 1);
  json_member(all, v, "action", JSON_STRING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text = malloc(size + 1);
  const struct json *all;

  must(text != 0);
  memcpy(text, data, size);
  all = json_read(text, size);
  if (all) look(all, all, text, size, all->end);
  free(text);
  return 0;
}
