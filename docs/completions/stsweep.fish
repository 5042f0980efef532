# Completes command lines of stsweep in fish.

# Is the command one of these? Without an argument: is there none yet?
function __stsweep_is
    set -l words (commandline -opc)
    if test (count $argv) -eq 0
        test (count $words) -eq 1
    else
        test (count $words) -ge 2; and contains -- $words[2] $argv
    end
end

# Is the word that is typed the first behind the command?
function __stsweep_is_first
    test (count (commandline -opc)) -eq 2; and __stsweep_is $argv
end

# Offers words separated by commas: those that are not there yet, behind those that are.
function __stsweep_list
    set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '' | string unescape)
    set -l head (string match -r -- '^.*,' $typed)
    for word in (__stsweep_words $argv)
        contains -- $word (string split , -- "$head"); or echo "$head$word"
    end
end

@words@

complete -c stsweep -f
@completes@
