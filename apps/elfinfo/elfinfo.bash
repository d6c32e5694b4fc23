# elfinfo.bash -- completes elfinfo's words in bash, from its own --help.
# SPDX-License-Identifier: MIT
_elfinfo() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local program=${COMP_WORDS[0]} options
    case $before in
    --root | --debug-directory | --extract) COMPREPLY=($(compgen -d -- "$word")) && return ;;
    --demangle) COMPREPLY=($(compgen -W "auto gcc2 itanium none" -- "$word")) &&
        return ;;
    --color) COMPREPLY=($(compgen -W "auto always never" -- "$word")) && return ;;
    esac
    options=$("$program" --help 2>/dev/null |
        sed -n 's/^  \(-[A-Za-z], \|    \)\(--[a-z-]*\).*/\2/p')
    case $word in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *)
        COMPREPLY=($(compgen -f -- "$word"))
        # The first word may be a view.
        if [ "$COMP_CWORD" = 1 ]; then
            COMPREPLY+=($(compgen -W "$(echo "$options" | sed 's/^--//')" \
                -- "$word"))
        fi
        ;;
    esac
}
complete -o filenames -F _elfinfo elfinfo
