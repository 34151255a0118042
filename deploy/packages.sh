# To be sourced: installs Debian packages, and only those whose parts are missing.
#
#   packages_need redis-server redis-server      # a command, and the package that has it
#   packages_need /usr/include/x.h libx-dev      # a file, and the package that has it
#   packages_install "what they are for"

packages_missing=()

# packages_need PART PACKAGE: notes PACKAGE where PART, a command or an absolute path, is missing.
packages_need() {
    local part=$1 package=$2
    case $part in
    /*) [[ -e $part ]] || packages_missing+=("$package") ;;
    *) command -v "$part" >/dev/null || packages_missing+=("$package") ;;
    esac
}

# packages_install PURPOSE: says what will be installed and why, and installs it. Ends the script where that fails.
packages_install() {
    ((${#packages_missing[@]})) || return 0
    echo "Installing by apt-get, for $1: ${packages_missing[*]}" >&2
    if ! command -v apt-get >/dev/null; then
        echo "There is no apt-get here: install what these Debian packages have, then call again." >&2
        exit 1
    fi
    if ((EUID != 0)); then
        echo "This needs root: call again as root, or install the packages first." >&2
        exit 1
    fi
    {
        DEBIAN_FRONTEND=noninteractive apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages_missing[@]}"
    } >&2 || {
        echo "apt-get could not install them; see above." >&2
        exit 1
    }
    packages_missing=()
}

# packages_need_swift: ends the script where there is no Swift, which no Debian package has.
packages_need_swift() {
    command -v swift >/dev/null && return 0
    echo "Swift 6.2 or newer is needed and not in PATH: see https://www.swift.org/install/linux" >&2
    exit 1
}
