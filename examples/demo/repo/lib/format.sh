# Writes seconds as people do.

# to_text SECONDS: prints them in days, hours, minutes and seconds, without the parts that are zero.
to_text() {
    case $1 in
        '' | *[!0-9]*)
            echo "duration: '$1' is no whole number of seconds" >&2
            return 1
            ;;
    esac
    left=$1
    text=
    for unit in d:86400 h:3600 m:60 s:1; do
        size=${unit#*:}
        count=$((left / size))
        left=$((left % size))
        [ "$count" -eq 0 ] || text=$text$count${unit%:*}
    done
    echo "${text:-0s}"
}
