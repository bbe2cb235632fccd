# A container engine that answers: one that runs already, one that an init system starts, or a dockerd that we
# start ourselves. The paths are variables so that a test can try all of this on a second dockerd.

: "${ENGINE_SOCKET:=/var/run/docker.sock}"
: "${ENGINE_PIDFILE:=/var/run/docker.pid}"
: "${ENGINE_RUN:=/var/run/docker}"
: "${ENGINE_STATE:=/run/homeport-engine}"
: "${ENGINE_FLAGS:=}"
: "${ENGINE_WAIT_S:=60}"

# Prints the engine's version when it answers; needs no docker command, which some systems package apart.
engine_version() {
  "$(engine_python)" - "$ENGINE_SOCKET" 2>/dev/null <<'PYTHON'
import json, socket, sys
from http.client import HTTPConnection

connection = HTTPConnection("localhost", timeout=5)
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.settimeout(5)
connection.sock.connect(sys.argv[1])
connection.request("GET", "/version")
print(json.load(connection.getresponse())["Version"])
PYTHON
}

engine_python() { if [ -x .venv/bin/python ]; then echo .venv/bin/python; else find_python; fi; }

# is_running PID NAME. A killed process whose parent never asked stays as a zombie, and keeps its name.
is_running() {
  [ -n "$1" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] && ! grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status"
}

has_init() { [ -d /run/systemd/system ] && [ "$(cat /proc/1/comm)" = systemd ]; }

# A dockerd that was killed leaves its pid file; once another process has that number, dockerd refuses to start
# ("process with PID ... is still running"), and it would wait for a containerd that is none.
remove_stale_engine_files() {
  local pid
  pid="$(cat "$ENGINE_PIDFILE" 2>/dev/null || true)"
  is_running "$pid" dockerd && return
  rm -f "$ENGINE_PIDFILE"
  # Mounted into a container while no engine ran, the path of the socket became a folder.
  if [ -d "$ENGINE_SOCKET" ]; then rmdir "$ENGINE_SOCKET"; else rm -f "$ENGINE_SOCKET"; fi
  pid="$(cat "$ENGINE_RUN/containerd/containerd.pid" 2>/dev/null || true)"
  is_running "$pid" containerd && return
  rm -f "$ENGINE_RUN"/containerd/containerd.pid "$ENGINE_RUN"/containerd/*.sock "$ENGINE_RUN"/containerd/*.ttrpc
}

start_dockerd() {
  local pid
  pid="$(cat "$ENGINE_PIDFILE" 2>/dev/null || true)"
  if is_running "$pid" dockerd; then
    ENGINE_PID="$pid" # It may be starting.
    return
  fi
  remove_stale_engine_files
  if ! grep -qE ' cgroup2? ' /proc/self/mounts; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup || fail "the engine needs control groups, and /sys/fs/cgroup cannot be mounted"
  fi
  ulimit -Sv "$(ulimit -Hv)" # A test run limits its own memory, not the engine's.
  # shellcheck disable=SC2086 # ENGINE_FLAGS is a list of words.
  setsid nohup dockerd --host "unix://$ENGINE_SOCKET" --pidfile "$ENGINE_PIDFILE" --exec-root "$ENGINE_RUN" $ENGINE_FLAGS \
    >"$ENGINE_STATE/dockerd.log" 2>&1 </dev/null 9>&- &
  ENGINE_PID=$!
  echo "$ENGINE_PID" >"$ENGINE_STATE/dockerd.pid"
}

wait_for_engine() {
  local deadline=$((SECONDS + ENGINE_WAIT_S))
  until engine_version >/dev/null; do
    if [ $SECONDS -ge $deadline ] || { [ -n "${ENGINE_PID:-}" ] && ! kill -0 "$ENGINE_PID" 2>/dev/null; }; then
      [ ! -e "$ENGINE_STATE/dockerd.log" ] || grep -E 'level=(error|fatal)|^failed' "$ENGINE_STATE/dockerd.log" | tail -n 5 >&2
      fail "the engine does not answer on $ENGINE_SOCKET${ENGINE_PID:+ (dockerd $ENGINE_PID; log: $ENGINE_STATE/dockerd.log)}"
    fi
    sleep 0.2
  done
}

setup_engine() {
  local version
  if version="$(engine_version)"; then
    say "engine: $version answers on $ENGINE_SOCKET"
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    [ ! -S "$ENGINE_SOCKET" ] || [ -w "$ENGINE_SOCKET" ] || fail "you may not use $ENGINE_SOCKET. Join the group docker, or run this as root."
    fail "no container engine answers on $ENGINE_SOCKET. Start or install one (Debian: docker.io), or run this as root."
  fi
  if ! command -v dockerd >/dev/null; then
    can_install || fail "no container engine found. Install Docker Engine 20.10 or newer (this script does it on Debian and Ubuntu only)."
    install_packages engine docker.io iptables
  fi
  mkdir -p "$ENGINE_STATE"
  exec 9>"$ENGINE_STATE/lock" # Two set-ups at once start one engine.
  flock 9
  if ! engine_version >/dev/null; then
    if has_init && [ "$ENGINE_SOCKET" = /var/run/docker.sock ]; then systemctl start docker; else start_dockerd; fi
    wait_for_engine
  fi
  exec 9>&-
  say "engine: started, $(engine_version) answers on $ENGINE_SOCKET"
}
