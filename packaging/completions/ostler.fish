# ostler.fish - completion for fish: what can follow is asked of ostler itself.

function __ostler_options
    ostler -h 2>/dev/null | string match -rag '(?:^|[\s\[(|])(--?[A-Za-z][A-Za-z-]*)' | sort -u
end

function __ostler_commands
    ostler -h 2>/dev/null | string match -rg '^  ostler ([a-z]+)' | sort -u
end

function __ostler_verbs
    set -l words (commandline -opc)
    ostler -h 2>/dev/null | string match -rg "^  ostler $words[2] ([a-z|]+)" | string split '|' | sort -u
end

function __ostler_groups
    ostler -m 2>/dev/null | string match -rg '^  ([a-z_0-9]+)  '
end

function __ostler_after -a option
    set -l words (commandline -opc)
    test "$words[-1]" = "$option"
end

function __ostler_word_is -a count
    test (count (commandline -opc)) -eq $count
end

complete -c ostler -f
complete -c ostler -n '__ostler_after -c' -F
complete -c ostler -n '__ostler_after -s' -a 'reload reopen quit stop status upgrade'
complete -c ostler -n '__ostler_after -m' -a '(__ostler_groups)'
complete -c ostler -n '__fish_seen_subcommand_from serve' -a '(__fish_complete_directories)'
complete -c ostler -n '__ostler_word_is 1' -a '(__ostler_commands)'
complete -c ostler -n '__ostler_word_is 2; and not __ostler_after -c; and not __ostler_after -s; and not __ostler_after -m' -a '(__ostler_verbs)'
complete -c ostler -n 'string match -q -- "-*" (commandline -ct)' -a '(__ostler_options)'
