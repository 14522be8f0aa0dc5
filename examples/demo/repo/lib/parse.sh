# Reads durations such as 1h30m.

refuse() {
    echo "duration: '$1' is no duration; write it like 1h30m" >&2
}

# to_seconds TEXT: prints the seconds; returns 1 when TEXT is no duration.
to_seconds() {
    rest=$1
    total=0
    [ -n "$rest" ] || { refuse "$1"; return 1; }
    while [ -n "$rest" ]; do
        number=${rest%%[!0-9]*}
        rest=${rest#"$number"}
        unit=${rest%"${rest#?}"}
        rest=${rest#?}
        [ -n "$number" ] || { refuse "$1"; return 1; }
        case $unit in
            d) total=$((total + number * 86400)) ;;
            h) total=$((total + number * 3600)) ;;
            m) total=$((total + number * 60)) ;;
            s) total=$((total + number)) ;;
            *) refuse "$1"; return 1 ;;
        esac
    done
    echo "$total"
}
