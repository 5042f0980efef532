#compdef stsweep
# Completes command lines of stsweep in zsh.

@words@

_stsweep() {
    local curcontext=$curcontext state line ret=1
    local -A opt_args
    local -a commands
    commands=(
@commands@
    )
    if (( CURRENT == 2 )); then
        _describe -t commands command commands && ret=0
        return ret
    fi
    local command=$words[2]
    curcontext=${curcontext%:*}-$command:
    shift words
    (( CURRENT-- ))
@options@
    case $command in
@arguments@
    esac
    return ret
}

_stsweep "$@"
