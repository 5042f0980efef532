# Completes command lines of stsweep in bash. Names of files are left to readline, which quotes them.

@tables@

# Offers the words, one a row of $1, that go on with what is typed of a value, $2. $3: what stands before it in the word.
# $4: list, if the words stand between commas.
_stsweep_offer() {
    local typed=$2 quote='' head='' word
    case $typed in
    [\'\"]*) quote=${typed:0:1} typed=${typed:1} ;;
    *) typed=${typed//\\/} ;;
    esac
    [[ $4 != list ]] || head=${typed%"${typed##*,}"}
    # bash takes what stands behind = for a word of its own, unless it was told not to.
    [[ $COMP_WORDBREAKS == *=* ]] && local before='' || local before=$3
    while IFS= read -r word; do
        [[ -n $word && $head$word == "$typed"* && ",$head" != *",$word,"* ]] || continue
        word=$head$word
        [[ -n $quote ]] || word=${word// /\\ }
        COMPREPLY+=("$before$word")
    done <<<"$1"
    [[ $4 != list ]] || compopt -o nospace
}

# Offers flags, and options once a section is typed: there are too many of them to be shown at once.
_stsweep_offer_flags() {
    local word
    compopt -o nospace
    for word in $(_stsweep_flags "$1"); do
        case $word in
        "$2"*.*) [[ $2 == *.* ]] && COMPREPLY+=("$word=") || COMPREPLY+=("${word%%.*}.") ;;
        "$2"*) COMPREPLY+=("$word ") ;;
        esac
    done
}

_stsweep_offer_value() { # COMMAND VALUE BEFORE, with what _stsweep_value has found
    case $with in
    files) compopt -o default -o bashdefault ;;
    folders) compopt -o dirnames ;;
    words | list) _stsweep_offer "$(_stsweep_words "$of" "$1")" "$2" "$3" "$with" ;;
    esac
}

_stsweep() {
    local rest=${COMP_LINE:0:COMP_POINT} piece cur prev i with='' of='' only_names=''
    local -a typed=()
    COMPREPLY=()
    # The words as they were typed: bash has cut them at = and : as well.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${rest%%[^[:blank:]]*}
        rest=${rest#"$piece"}
        if [[ -n $piece || $i -eq 0 ]]; then typed+=(''); fi
        piece=${COMP_WORDS[i]}
        [[ $i -lt $COMP_CWORD ]] || piece=$rest
        rest=${rest#"$piece"}
        typed[${#typed[@]} - 1]+=$piece
    done
    i=$((${#typed[@]} - 1))
    cur=${typed[i]} prev=${typed[i - 1]}
    [[ " ${typed[*]:2:i-2} " != *' -- '* ]] || only_names=yes
    if [[ $i -le 1 ]]; then
        _stsweep_offer "$(_stsweep_words COMMANDS)" "$cur"
    elif [[ -z $only_names && $cur == --*=* ]]; then
        _stsweep_value "${typed[1]}" "${cur%%=*}" && _stsweep_offer_value "${typed[1]}" "${cur#*=}" "${cur%%=*}="
    elif [[ -z $only_names && $prev == -* ]] && _stsweep_value "${typed[1]}" "$prev"; then
        _stsweep_offer_value "${typed[1]}" "$cur"
    elif [[ -z $only_names && $cur == -* ]]; then
        _stsweep_offer_flags "${typed[1]}" "$cur"
    elif _stsweep_value "${typed[1]}" "$((i - 1))" || _stsweep_value "${typed[1]}" '*'; then
        _stsweep_offer_value "${typed[1]}" "$cur"
    fi
}

complete -F _stsweep stsweep
