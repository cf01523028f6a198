#include "date.h"

#include <string.h>
#include <time.h>

#include "clock.h"

int date_now(stralloc *line)
{
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t now = clock_day().tv_sec;
  struct tm t;
  char text[40], *p = text;

  if (!gmtime_r(&now, &t)) return 0;
  memcpy(p, days + t.tm_wday * 3, 3);
  p += 3;
  *p++ = ',';
  *p++ = ' ';
  p += fmt_ulong(p, (unsigned long) t.tm_mday);
  *p++ = ' ';
  memcpy(p, months + t.tm_mon * 3, 3);
  p += 3;
  *p++ = ' ';
  p += fmt_ulong(p, (unsigned long) t.tm_year + 1900);
  *p++ = ' ';
  *p++ = (char) ('0' + t.tm_hour / 10);
  *p++ = (char) ('0' + t.tm_hour % 10);
  *p++ = ':';
  *p++ = (char) ('0' + t.tm_min / 10);
  *p++ = (char) ('0' + t.tm_min % 10);
  *p++ = ':';
  *p++ = (char) ('0' + t.tm_sec / 10);
  *p++ = (char) ('0' + t.tm_sec % 10);
  return stralloc_catb(line, text, (size_t) (p - text)) && stralloc_cats(line, " +0000");
}
