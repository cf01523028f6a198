#!/bin/sh
. "$(dirname "$0")/../tap.sh"

verdict 0 '' 'plain message passes' cm-filter-fields <<'!'
Date: Thu, 1 Jan 2026 00:00:00 +0000
From: a@example.org
Subject: hello

From: in the body does not count
!

verdict 100 '5.6.0 more than one From field' 'second From is refused' cm-filter-fields <<'!'
Date: Thu, 1 Jan 2026 00:00:00 +0000
From: a@example.org
FROM : b@example.net

!

verdict 0 '' 'a missing Date passes' cm-filter-fields <<'!'
From: a@example.org

!

verdict 100 '5.6.0 no Date field' 'except where one is asked for' cm-filter-fields date message-id <<'!'
From: a@example.org
Message-ID: <x@example.org>

!

verdict 100 '5.6.0 no From field' 'missing From is refused' cm-filter-fields <<'!'
Date: Thu, 1 Jan 2026 00:00:00 +0000

!

# RFC 5322, 3.6: these at most once
for field in Date From Sender Reply-To To Cc Bcc Message-ID In-Reply-To References Subject; do
  { [ $field = From ] || printf 'From: a@example.org\r\n'
    printf '%s: x\r\nX-Y: z\r\n%s : x\r\n\r\n' $field $field; } > "$T/twice"
  verdict 100 "5.6.0 more than one $field field" "a second $field is refused" cm-filter-fields < "$T/twice"
done
# and these any number of times
for field in Comments Keywords Received Return-Path Resent-Date Resent-From Resent-To X-Spam-Flag; do
  printf 'From: a@example.org\n%s: x\n%s: x\n%s: x\n\n' $field $field $field > "$T/often"
  verdict 0 '' "$field may come often" cm-filter-fields < "$T/often"
done

verdict 0 '' 'a folded line is not a field' cm-filter-fields <<'!'
Date: Thu, 1 Jan 2026 00:00:00 +0000
From: a@example.org
Subject: one
 From: two

!

verdict 0 '' 'a line that is no field ends the header' cm-filter-fields <<'!'
Date: Thu, 1 Jan 2026 00:00:00 +0000
From: a@example.org
no field
From: b@example.org

!

{ printf 'Date: x\r\nFrom: y\r\nX: '; head -c 1100000 /dev/zero | tr '\0' x; } > "$T/long"
verdict 100 '5.3.4 header too large' 'an endless header is refused' cm-filter-fields < "$T/long"

verdict 111 'cm-filter-fields: not a field that occurs once: -x' 'a wrong call never rejects mail' cm-filter-fields -x </dev/null

verdict 111 'cm-filter-fields: unable to read message: Is a directory' 'read trouble defers' cm-filter-fields </tmp

done_testing
