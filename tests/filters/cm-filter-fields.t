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

verdict 100 '5.6.0 no Date field' 'missing Date is refused' cm-filter-fields <<'!'
From: a@example.org

!

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

verdict 111 'cm-filter-fields: takes no arguments: -x' 'a wrong call never rejects mail' cm-filter-fields -x </dev/null

verdict 111 'cm-filter-fields: unable to read message: Is a directory' 'read trouble defers' cm-filter-fields </tmp

done_testing
