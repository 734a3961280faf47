# bash completion of pmoas(8): the program itself knows what may come next.
_pmoas()
{
	local IFS=$'\n'
	# shellcheck disable=SC2207 # one suggestion a line
	COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null | grep -v '^/')" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _pmoas pmoas
