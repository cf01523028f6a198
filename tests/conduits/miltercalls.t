#!/bin/sh
# Something happens at every system call of cm-milter, each in turn: the mail server that asks has
# heard the truth, "try again", or nothing, and nothing is left. tests/tools/everycall says what is looked
# at. Nothing is what its milter_default_action is for, which is a 451: milterfaults.t.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/../peer.sh"
OF=-m SINK=- COARSE=23
. "$(dirname "$0")/../everycall.sh"
home h queue true
rm "$W/port/control/upstream" "$W/port/control/recipients"
echo store > "$W/port/control/quarantine"
echo "$T/spool" > "$W/port/control/spool"
echo me.example.net > "$W/port/control/me"
mkdir "$T/spool"

for verdict in accept/deliver accept/redirect reject/redirect accept/delete reject/delete; do
  each "cm-milter killed, $verdict" kill $verdict
done
each 'cm-milter killed, a message that is spooled on the disk' -s 3 -b 3000000 kill accept/redirect
for verdict in accept/deliver reject/delete; do
  each "cm-pipeline killed, $verdict" -s 3 -p cm-pipeline kill $verdict
done
each 'SIGTERM' TERM accept/deliver
each 'SIGTERM, and the message is to be stored' TERM accept/redirect
each 'the clock goes back a day' -x 2 -s 5 clock:-86400 accept/redirect

if ! sanitized; then
  for verdict in accept/deliver accept/redirect; do
    each "cm-milter gets and gives single bytes, $verdict" -a -x 2 -b 1500 short $verdict
    each "cm-milter is interrupted at every second call, $verdict" -a -x 2 -b 5000 again $verdict
  done
  for verdict in accept/deliver accept/redirect accept/delete reject/delete; do
    each "the Nth allocation fails, $verdict" -x 1 memory $verdict
  done
  for verdict in accept/deliver reject/delete; do
    each "all allocations from the Nth on fail, $verdict" -x 1 nomemory $verdict
  done
  files=open,openat,read,write,pread64,pwrite64,writev,fsync,link,linkat,unlink,unlinkat,close,mkdir,mkdirat,ftruncate,lseek,fstat,newfstatat,stat,flock,fcntl,getdents64
  for error in ENOSPC EIO; do
    each "$error while a message is refused" -s 2 -c $files -x 1 $error reject/delete
    each "$error while one is changed" -c $files -x 1 $error accept/deliver
    each "$error while it is stored" -c $files -x 1 $error accept/redirect
    each "$error while its deletion is put on record" -c $files -x 1 $error accept/delete
    each "$error while it is spooled on the disk" -s 5 -b 3000000 -c openat,open,write,writev,fchmod,lseek,fcntl,copy_file_range -x 1 $error accept/deliver
  done
  each 'no descriptor left' -c open,openat,memfd_create,pipe,pipe2,dup2,dup3,fcntl -x 1 EMFILE accept/deliver
  each 'no process left' -c vfork,fork,clone -x 1 EAGAIN reject/delete
  each 'no memory left' -b 200000 -c mmap,mremap,vfork,memfd_create -x 1 ENOMEM reject/delete
fi
each 'and it recovers' -a -x 2 list accept/redirect

done_testing
