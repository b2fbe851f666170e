# ostler.bash - completion for bash: what can follow is asked of ostler itself.

# The words that `ostler -h` shows: options beginning with "-", or the commands.
_ostler_options() {
    "$1" -h 2>/dev/null | grep -oE '(^|[[:space:][(|])--?[A-Za-z][A-Za-z-]*' | grep -oE -- '-.*' | sort -u
}

_ostler_commands() {
    "$1" -h 2>/dev/null | sed -n 's/^  ostler \([a-z][a-z]*\).*/\1/p' | sort -u
}

# The second word of commands such as "cgi run" and "sessions list|show ID".
_ostler_verbs() {
    "$1" -h 2>/dev/null | sed -n "s/^  ostler $2 \\([a-z][a-z|]*\\).*/\\1/p" | tr '|' '\n' | sort -u
}

_ostler_signals() { echo reload reopen quit stop status upgrade; }

_ostler_groups() { "$1" -m 2>/dev/null | sed -n 's/^  \([a-z_0-9][a-z_0-9]*\)  .*/\1/p'; }

_ostler() {
    local ostler=$1 current=$2 previous=$3
    local IFS=$' \t\n'
    COMPREPLY=()
    case $previous in
    -c)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    -s)
        mapfile -t COMPREPLY < <(compgen -W "$(_ostler_signals)" -- "$current")
        return
        ;;
    -m)
        mapfile -t COMPREPLY < <(compgen -W "$(_ostler_groups "$ostler")" -- "$current")
        return
        ;;
    -p | --port) return ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_ostler_options "$ostler")" -- "$current")
    elif ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_ostler_commands "$ostler")" -- "$current")
    elif [[ ${COMP_WORDS[1]} == serve ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
    elif ((COMP_CWORD == 2)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_ostler_verbs "$ostler" "${COMP_WORDS[1]}")" -- "$current")
    fi
}

complete -F _ostler ostler
