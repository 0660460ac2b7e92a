# Keeps the agent running: starts it again when it dies, however it dies, and passes on the request to end.
# Runs in the busybox that comes with it and uses nothing of the image.
busybox=/.berth/bin/busybox
stopping=
agent=
delay=0.05

# Memory given back to the system instead of kept for later: a megabyte or two for each workspace. The names set here,
# and those a shell sets by itself, are told to the agent, which keeps them from the workspace's own processes.
own="SHLVL PWD OLDPWD _"
if [ -z "${MALLOC_ARENA_MAX+set}" ]; then
  export MALLOC_ARENA_MAX=1
  own="$own MALLOC_ARENA_MAX"
fi
if [ -z "${MALLOC_TRIM_THRESHOLD_+set}" ]; then
  export MALLOC_TRIM_THRESHOLD_=65536
  own="$own MALLOC_TRIM_THRESHOLD_"
fi
export BERTH_AGENT_OWN_ENV="$own"

stop() {
  stopping=1
  [ -n "$agent" ] && kill -TERM "$agent" 2>/dev/null
}
trap stop TERM INT HUP

while [ -z "$stopping" ]; do
  # OpenSSL reads the file the image may name in OPENSSL_CONF, and fails on what it does not know.
  /.berth/bin/node --max-semi-space-size=1 --openssl-config=/dev/null /.berth/agent.mjs &
  agent=$!
  started=$($busybox date +%s)
  # The signal may have come before there was anybody to pass it to.
  [ -n "$stopping" ] && kill -TERM "$agent" 2>/dev/null
  # A trapped signal ends `wait` early, while the agent still runs.
  while kill -0 "$agent" 2>/dev/null; do wait "$agent"; done
  agent=
  [ -n "$stopping" ] && break
  if [ $(($($busybox date +%s) - started)) -ge 10 ]; then delay=0.05; fi
  $busybox sleep "$delay" &
  wait $!
  case $delay in
    0.05) delay=0.2 ;;
    0.2) delay=1 ;;
    *) delay=5 ;;
  esac
done
exit 0
