# Install packages where that is ours to do: as root, on Debian, Ubuntu and their kin.

can_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && grep -qsE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

# install_packages WHY PACKAGE... installs those that are missing, and starts no service of theirs:
# an engine is started below, and PostgreSQL's default cluster is not wanted at all.
install_packages() {
  local why="$1" log missing guard=/usr/sbin/policy-rc.d has_guard=""
  shift
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "$why: installing ${missing[*]}"
  log="$(mktemp)"
  if [ ! -e "$guard" ]; then
    has_guard=yes
    printf '#!/bin/sh\nexit 101\n' >"$guard" && chmod 755 "$guard"
  fi
  local outcome=0
  {
    apt-get -o DPkg::Lock::Timeout=300 update &&
      DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null || outcome=$?
  [ -z "$has_guard" ] || rm -f "$guard"
  if [ "$outcome" != 0 ]; then
    tail -n 20 "$log" >&2
    fail "$why: apt-get could not install ${missing[*]} (all of its output: $log)"
  fi
  rm -f "$log"
}
