# shellcheck shell=bash
# Sourced by ./tests/run and ./pipelines/demo: install_missing GROUP… installs what packages.txt lists for these groups
# and this machine lacks. Fails with a sentence that says what to do when it cannot.

package_list="$(dirname "${BASH_SOURCE[0]}")/packages.txt"
PATH="$PATH:/usr/sbin:/sbin" # nginx stands there, and not every user looks there

gst_plugin_installed() {
    local directory
    for directory in $(pkg-config --variable=pluginsdir gstreamer-1.0 2>/dev/null) /usr/lib/*/gstreamer-1.0; do
        [ -e "$directory/libgst$1.so" ] && return 0
    done
    return 1
}

node_major() {
    local version
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    echo "${version%%.*}"
}

has_capability() { # a pattern that matches nothing stays itself, which does not exist
    local kind=${1%%:*} name=${1#*:}
    case $kind in
    command) command -v "$name" >/dev/null ;;
    module) pkg-config --exists "$name" 2>/dev/null ;;
    gst) gst_plugin_installed "$name" ;;
    file) [ -n "$(compgen -G "$name")" ] ;;
    node) [ "$(node_major || echo 0)" -ge "$name" ] ;;
    npm) npm --version >/dev/null 2>&1 ;;
    *) echo "$package_list: unknown capability '$1'" >&2 && return 1 ;;
    esac
}

# Debian's npm depends on Debian's nodejs: beside a Node of another origin apt would put back or remove that one.
npm_would_replace_node() {
    command -v node >/dev/null && ! { dpkg -S "$(readlink -f "$(command -v node)")" 2>/dev/null | grep -q '^nodejs:' &&
        ! as_root apt-get install -s --no-install-recommends npm 2>/dev/null | grep -qE '^(Remv|Inst) nodejs '; }
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

can_install() { # without a terminal nobody can answer sudo's question
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] && return 0
    command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }
}

missing_packages() { # GROUP…
    local group capability package
    while read -r group capability package; do
        case " $* " in *" $group "*) ;; *) continue ;; esac
        has_capability "$capability" || echo "$package"
    done < <(grep -vE '^\s*(#|$)' "$package_list") | sort -u
}

apt_install() { # what apt and the packages' scripts say is shown only when it fails
    local log status=0
    log=$(mktemp)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq install -y \
        --no-install-recommends "$@" </dev/null >"$log" 2>&1 || status=$?
    [ $status -eq 0 ] || tail -n 30 "$log" >&2
    rm -f "$log"
    return $status
}

# The tests start an nginx of their own; the service that comes with the package is not wanted.
stop_new_nginx_service() {
    if [ -d /run/systemd/system ]; then
        as_root systemctl disable --now nginx >/dev/null 2>&1
    else
        as_root service nginx stop >/dev/null 2>&1
    fi || true
}

# Optional: whoever needs Node and does not find it says so and is skipped.
install_node() {
    local wanted=" $* "
    if [[ $wanted == *" nodejs "* ]] && command -v node >/dev/null; then
        echo "packages: this machine's Node.js $(node --version) is older than the tests need; it is left alone" >&2
    elif [[ $wanted == *" npm "* ]] && npm_would_replace_node; then
        echo "packages: npm is missing, and Debian's would replace Node.js $(node --version); it is left alone" >&2
    elif [ $# -gt 0 ]; then
        apt_install "$@" || echo "packages: could not install $*; browser and sdk tests will be skipped" >&2
    fi
}

install_missing() { # GROUP…
    local missing plain=() node=() package
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    for package in $missing; do
        case $package in nodejs | npm) node+=("$package") ;; *) plain+=("$package") ;; esac
    done
    if ! can_install; then
        [ ${#plain[@]} -gt 0 ] || return 0
        echo "Packages are missing, and this script can install them neither as root nor through sudo." >&2
        echo "Install them, then run it again:" >&2
        echo "  apt-get install --no-install-recommends ${plain[*]}" >&2
        return 1
    fi
    echo "packages: installing $(echo "$missing" | tr '\n' ' ')"
    as_root apt-get -qq update >/dev/null || echo "packages: the package lists could not be refreshed" >&2
    if [ ${#plain[@]} -gt 0 ]; then
        apt_install "${plain[@]}" || {
            echo "apt-get could not install: ${plain[*]} (its message stands above)" >&2
            return 1
        }
        case " ${plain[*]} " in *" nginx "*) stop_new_nginx_service ;; esac
    fi
    install_node "${node[@]}"
    missing=$(missing_packages "$@" | grep -vxE 'nodejs|npm' | tr '\n' ' ') || true
    [ -z "$missing" ] || {
        echo "Still missing after installing: $missing" >&2
        return 1
    }
}
