# Sets up what townscore needs; read by script/demo and script/test, never run alone.
#
# set_up           system libraries and fonts, then .venv with every package of requirements.lock and this project.
#                  A second call finds the stamp and returns at once.
# set_up_browser   Chromium, which the tests of the play page drive; nobody else needs it.
#
# As root it installs the system packages itself. Without root it says which command an administrator runs,
# takes the fonts into .venv (that needs no root), and goes on.

# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv="$root/.venv"
fonts="$venv/share/fonts/townscore"
export LC_ALL=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 DEBIAN_FRONTEND=noninteractive

libraries=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
noto=fonts-noto-cjk
fandol=texlive-lang-chinese # 49 MB, of which three fonts are taken: unpacked, not installed
fandol_fonts=(FandolFang-Regular.otf FandolKai-Regular.otf FandolSong-Bold.otf)

tell() { printf '%s\n' "townscore: $*"; }
fail() { printf '%s\n' "townscore: $*" >&2; exit 3; }
# Run a command without a word; when it fails, show all that it said.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ $status = 0 ] || cat "$log" >&2
  rm -f "$log"
  return $status
}
is_root() { [ "$(id -u)" = 0 ]; }
has_apt() { command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1; }

# Print those of the named Debian packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" in
      *" installed") ;;
      *) printf '%s ' "$package" ;;
    esac
  done
}

# apt-get with options that let anyone fetch packages: without root, apt's lists and cache lie below .venv.
apt_options=()
apt_fetch() { quietly apt-get -q "${apt_options[@]}" "$@"; }

apt_knows() { [ -n "$(apt-cache "${apt_options[@]}" show --no-all-versions "$1" 2>/dev/null | grep '^Filename:')" ]; }

# Fetch apt's lists of packages, only when the package named cannot be found without.
apt_lists() {
  apt_knows "$1" && return 0
  if ! is_root; then
    local state="$venv/share/apt"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    apt_options=(-o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache")
    apt_knows "$1" && return 0
  fi
  tell "fetching the list of Debian packages (apt-get update)"
  # One unreachable source among several is no reason to stop: what counts is whether the package is known now.
  apt_fetch update || true
  apt_knows "$1"
}

# Print the first Python that is new enough.
find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

can_make_venvs() { [ -n "$1" ] && "$1" -c 'import ensurepip, venv' 2>/dev/null; }

install_libraries() {
  if ! has_apt; then
    tell "this is not a Debian machine: please install Pango 1.44 or later, HarfBuzz with its subset library, and the Noto CJK fonts."
    return 0
  fi
  local missing
  missing=$(missing_packages "${libraries[@]}" "$noto")
  can_make_venvs "$(find_python)" || missing+="python3 python3-venv "
  [ -n "$missing" ] || return 0
  if is_root; then
    tell "installing system packages: $missing"
    # The list on the machine may be older than the server's packages: a failed installation is tried once more after an update.
    # shellcheck disable=SC2086 # the names are parted by spaces
    { apt_lists "$noto" && apt_install $missing; } || { apt_fetch update && apt_install $missing; } ||
      tell "could not install $missing: check the machine's apt sources and run this again. Going on without."
    return 0
  fi
  tell "these system packages are missing: $missing"
  tell "without root they cannot be installed here. Ask an administrator to run:"
  printf '\n    sudo apt-get update && sudo apt-get install --no-install-recommends %s\n\n' "$missing"
  tell "going on with what can be done without them."
}

apt_install() { apt_fetch install -y --no-install-recommends "$@"; }

set_up_browser() {
  command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 && return 0
  if has_apt && is_root; then
    tell "installing Chromium for the tests of the play page"
    { apt_lists chromium && apt_install chromium; } || { apt_fetch update && apt_install chromium; } || true
  fi
  command -v chromium >/dev/null 2>&1 ||
    { tell "the tests of the play page need Chromium: sudo apt-get install --no-install-recommends chromium"; return 1; }
}

# take_fonts PACKAGE FILE... : unpack the named font files of a Debian package into .venv, without installing it.
take_fonts() {
  local package=$1 scratch file found
  shift
  scratch=$(mktemp -d)
  # apt fetches as its own user, which must be able to write here.
  chmod 755 "$scratch"
  if is_root && id _apt >/dev/null 2>&1; then chown _apt "$scratch"; fi
  if apt_lists "$package" && (cd "$scratch" && apt_fetch download "$package") &&
    dpkg -x "$scratch/$package"_*.deb "$scratch/unpacked"; then
    mkdir -p "$fonts"
    for file in "$@"; do
      found=$(find "$scratch/unpacked" -name "$file" -type f | head -n 1)
      [ -z "$found" ] || install -m 644 "$found" "$fonts/$file"
    done
  fi
  rm -rf "$scratch"
}

# Print those of the named fonts that are not in .venv yet.
missing_fonts() {
  local file
  for file in "$@"; do [ -s "$fonts/$file" ] || printf '%s ' "$file"; done
}

install_fonts() {
  if [ -n "$(missing_fonts "${fandol_fonts[@]}")" ]; then
    if has_apt; then
      tell "fetching the free fonts for 仿宋, 楷体 and 小标宋 (Fandol, from Debian's $fandol, 49 MB) into .venv/share/fonts/townscore"
      take_fonts "$fandol" "${fandol_fonts[@]}"
    fi
    [ -z "$(missing_fonts "${fandol_fonts[@]}")" ] ||
      tell "the Fandol fonts could not be fetched; reports fall back to Noto. To add them later, put ${fandol_fonts[*]} into $fonts"
  fi
  # Without root the Noto fonts, too, are taken from their package.
  local noto_fonts=(NotoSansCJK-Regular.ttc NotoSansCJK-Bold.ttc NotoSerifCJK-Regular.ttc NotoSerifCJK-Bold.ttc)
  if has_apt && [ -n "$(missing_packages "$noto")" ] && [ -n "$(missing_fonts "${noto_fonts[@]}")" ]; then
    tell "fetching the Noto CJK fonts (from Debian's $noto, 60 MB) into .venv/share/fonts/townscore"
    take_fonts "$noto" "${noto_fonts[@]}"
  fi
}

# The environment works and was made here: its commands carry its path, so a moved checkout needs a new one.
venv_stands() {
  "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
    head -n 1 "$venv/bin/pip" 2>/dev/null | grep -qF "$venv/bin/"
}

make_venv() {
  local python
  venv_stands && return 0
  python=$(find_python) || fail "Python 3.11 or later is missing. On Debian 12: sudo apt-get install python3 python3-venv"
  # A Python beside Debian's own may lack what Debian's package has just brought.
  can_make_venvs "$python" || python=/usr/bin/python3
  can_make_venvs "$python" ||
    fail "this Python cannot make virtual environments, and nothing goes on without one. On Debian 12: sudo apt-get install python3-venv; then run this again."
  tell "making the virtual environment .venv with $("$python" --version)"
  # What an earlier environment left is removed; fonts fetched before stay.
  rm -rf "$venv/bin" "$venv/lib" "$venv/lib64" "$venv/include" "$venv/pyvenv.cfg"
  "$python" -m venv "$venv" || fail "could not make the virtual environment $venv"
}

install_packages() {
  tell "installing the Python packages of requirements.lock into .venv (a few minutes the first time)"
  # The lock is whole: with --no-deps pip resolves nothing, and so cannot stumble over a release newer than the lock.
  quietly "$venv/bin/python" -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r "$root/requirements.lock" ||
    fail "pip could not install the packages of requirements.lock; its message stands above."
  quietly "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable "$root" ||
    fail "pip could not install townscore into .venv; its message stands above."
}

# What the stamp stands for: the lock, the project file and the place of the checkout.
fingerprint() { { cat "$root/requirements.lock" "$root/pyproject.toml"; printf '%s\n' "$root"; } | sha256sum | cut -d ' ' -f 1; }

set_up() {
  local stamp="$venv/townscore.stamp" wanted
  wanted=$(fingerprint)
  if [ -x "$venv/bin/townscore" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return 0; fi
  tell "setting up in $root"
  install_libraries
  make_venv
  install_fonts
  install_packages
  # Without the system libraries the next run looks again.
  if ! has_apt || [ -z "$(missing_packages "${libraries[@]}")" ]; then printf '%s\n' "$wanted" >"$stamp"; fi
  tell "set-up done"
}
