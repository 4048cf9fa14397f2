#!/bin/sh
# slurm.sh REDRAW [COUNT]: has a cluster of one node look at COUNT pictures in eight shards, kills one shard and requeues another in the middle,
# merges what they made and compares it with what one process makes of the same folder.
#
# The cluster is this machine's own Slurm (Debian's slurm-wlm and munge), with everything of it in a temporary folder. KEEP=1 leaves that folder.
set -eu
redraw=$(realpath "$1")
count=${2:-400}
here=$(cd "$(dirname "$0")" && pwd)
for program in munged slurmctld slurmd sbatch scontrol squeue python3; do
    command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
    command -v "$program" >/dev/null || {
        echo "slurm: $program is not installed; on Debian: apt-get install slurm-wlm munge python3" >&2
        exit 1
    }
done

# Sockets have short names only.
work=$(mktemp -d /tmp/redraw-slurm.XXXXXX)
chmod 755 "$work"
finish() {
    status=$?
    for daemon in slurmd slurmctld munged; do
        [ ! -s "$work/$daemon.pid" ] || kill "$(cat "$work/$daemon.pid")" 2>/dev/null || true
    done
    sleep 1
    if [ "$status" != 0 ]; then tail -n 5 "$work"/*.log "$work"/logs/* >&2 || true; fi
    if [ -n "${KEEP:-}" ]; then echo "slurm: $work is kept"; else rm -rf "$work"; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { echo "slurm: $(date +%T) $*"; }
# waits SECONDS CONDITION...: until a command succeeds.
waits() {
    left=$(($1 * 5))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "slurm: gave up waiting for: $*" >&2; return 1; }
        sleep 0.2
    done
}

# A cluster of its own: another one on this machine is not touched.
user=$(id -un)
host=$(hostname -s)
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
mkdir "$work/state" "$work/spool" "$work/logs" "$work/shards"
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 status=none
chmod 400 "$work/munge.key"
munged --force --key-file="$work/munge.key" --socket="$work/munge.socket" --pid-file="$work/munged.pid" --log-file="$work/munged.log" \
    --seed-file="$work/munge.seed" 2>"$work/munged.err" || { cat "$work/munged.err" >&2; exit 1; }
cpus=$(nproc)
cat >"$work/slurm.conf" <<END
ClusterName=redraw
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$work/munge.socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF="$work/slurm.conf"
slurmctld
slurmd
is_up() { [ "$(sinfo -h -o %T)" = idle ]; }
waits 30 is_up
step "a cluster of $cpus processors"

python3 "$here/pictures.py" "$work/pictures" "$count"
export REDRAW="$redraw" XDG_CACHE_HOME="$work/cache" XDG_DATA_HOME="$work/data" HOME="$work"
# The vocabulary is prepared once, and the program is read.
"$redraw" analyze "$(find "$work/pictures" -name '*.png' | sort | head -n 1)" --library "$work/first" >/dev/null 2>&1

looked() { python3 "$here/libraries.py" count "$work/shards/$1"; }
state() { scontrol show job "${job}_$1" | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p'; }
restarts() { scontrol show job "${job}_$1" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p'; }
is_in_the_middle() { [ "$(state "$1")" = RUNNING ] && [ "$(looked "$1")" -ge 5 ]; }
is() { [ "$(state "$1")" = "$2" ]; }
is_over() { [ -z "$(squeue -h -j "$job" -t PENDING,CONFIGURING,RUNNING,COMPLETING)" ]; }

begin=$(date +%s.%N)
job=$(cd "$work/logs" && sbatch --parsable "$here/../../Documentation/shards.sbatch" "$work/pictures" "$work/shards")
step "job $job: eight shards of $count pictures"
waits 120 is_in_the_middle 1
process=$(pgrep -f -- "analyze $work/pictures --shard 1/8")
kill -KILL "$process"
killed=$(looked 1)
waits 30 is 1 FAILED
scontrol requeue "${job}_1"
step "shard 1 was killed after $killed pictures, and is queued again"
waits 120 is_in_the_middle 2
requeued=$(looked 2)
scontrol requeue "${job}_2"
step "shard 2 was taken off its node after $requeued pictures, and is queued again"
# Slurm lets a requeued task wait for two minutes.
for shard in 1 2; do waits 60 is "$shard" PENDING && scontrol update JobId="${job}_$shard" StartTime=now; done
waits 1800 is_over
array=$(echo "$(date +%s.%N) - $begin" | python3 -c 'print(round(eval(input()), 1))')
for shard in 1 2 3 4 5 6 7 8; do
    is "$shard" COMPLETED || { echo "slurm: shard $shard is $(state "$shard")" >&2; exit 1; }
done
[ "$(restarts 1)" = 1 ] && [ "$(restarts 2)" = 1 ]
step "all shards are done after $array s"
grep -h "analysed" "$work/logs"/*

"$redraw" import "$work"/shards/* --library "$work/merged"
again=$("$redraw" import "$work"/shards/* --library "$work/merged" 2>&1)
echo "$again"
case $again in "Nothing new among $count pictures."*) ;; *) echo "slurm: a second import changed something" >&2; exit 1 ;; esac
"$redraw" analyze "$work/pictures" --library "$work/merged" 2>&1 >/dev/null | tee "$work/again.log"
grep -q "^0 pictures analysed, $count analysed before" "$work/again.log"
step "one process looks at the same folder"
"$redraw" analyze "$work/pictures" --library "$work/whole" --threads 1 >/dev/null
python3 "$here/libraries.py" compare "$work/whole" "$work/merged" "$work"/shards/*
step "nothing lost, nothing double"
