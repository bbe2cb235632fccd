# The virtual environment in .venv with the locked dependencies; made anew only when something changed.

is_suitable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if is_suitable "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

setup_python() {
  local python stamp wanted
  if ! python="$(find_python)"; then
    can_install || fail "Python 3.11 or newer is needed. Install it (Debian: python3 python3-venv), or name it: PYTHON=/path bin/setup"
    install_packages python python3 python3-venv
    python="$(find_python)" || fail "this system's python3 is older than 3.11. Install a newer one and name it: PYTHON=/path bin/setup"
  fi
  stamp=.venv/homeport-stamp
  wanted="$("$python" -c 'import sys; print(sys.version)' | tr -d '\n') $PWD $(sha256sum requirements-dev.txt pyproject.toml | sha256sum)"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
    say "python: .venv is up to date"
    return
  fi
  make_environment "$python"
  printf '%s\n' "$wanted" >"$stamp"
}

# Whether .venv works, was made here (its scripts do not survive a move) and by this Python.
is_environment_of() {
  local version='import sys; print(sys.version)'
  [[ "$(head -n 1 .venv/bin/pip 2>/dev/null)" == "#!$PWD/.venv/bin/python"* ]] &&
    [ "$(.venv/bin/python -c "$version" 2>/dev/null)" = "$("$1" -c "$version")" ] &&
    .venv/bin/python -m pip --version >/dev/null 2>&1
}

make_environment() {
  local python="$1"
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    can_install || fail "$python cannot make virtual environments. Install its venv module (Debian: python3-venv)."
    install_packages python python3-venv
  fi
  say "python: $("$python" --version) in .venv, with the packages of requirements-dev.txt"
  if ! is_environment_of "$python"; then
    "$python" -m venv --clear .venv >/dev/null || fail "$python could not make a virtual environment in .venv"
  fi
  local pip=(.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input)
  "${pip[@]}" --require-hashes -r requirements-dev.txt || fail "pip could not install requirements-dev.txt (see above)"
  "${pip[@]}" --no-deps --no-build-isolation --editable . || fail "pip could not install Homeport into .venv (see above)"
}
