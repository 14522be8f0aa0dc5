//! Words as identifiers and sentences share them: subtokens of identifiers, light stemming, stop words.

/// Longest subtoken that is looked at, in bytes.
pub(super) const LONGEST: usize = 40;

/// Words that say nothing about the place of a fault. Technical words stay: their frequency weighs them.
const STOP: &str = "a about above after again all also although always am an and another any are aren as at be because been before \
being below between both but by can cannot could couldn did didn do does doesn doing don done during each either else etc even every few \
for from further get gets getting given gives go goes going got had has hasn have haven having he her here hers him his how however i if \
in instead into is isn it its itself just let like ll made make makes making may maybe me might more most much must my need needs no nor \
not now of off on once only or other our out over own perhaps please possible rather re really same see seem seems several shall she should \
shouldn since so some such sure than that the their them then there therefore these they this those through thus to too under until up us \
used uses using ve very want was wasn way we well were weren what when where whether which while who whose why will with within without \
won would wouldn yes yet you your fix fixed fixes fixing fixup bug issue issues closes close closed resolves resolve currently previously \
commit pr pull request change changed changes problem thanks e g";

pub(super) fn is_stop(word: &str) -> bool {
    word.len() < 2 || STOP.split(' ').any(|stop| stop == word)
}

/// Calls `each` with every lower-case subtoken of an identifier: `HTTPServer_maxSize2` → http, server, max, size.
/// Digits end a subtoken; single letters are left out (and passed as an empty slice, so that neighbours are known).
pub(super) fn subtokens(identifier: &[u8], mut each: impl FnMut(&[u8])) {
    let mut buffer = [0_u8; LONGEST];
    let mut length = 0;
    for (at, &byte) in identifier.iter().enumerate() {
        let letter = byte.is_ascii_alphabetic() || byte >= 0x80;
        let previous = at.checked_sub(1).and_then(|before| identifier.get(before)).copied().unwrap_or(b'_');
        let next = identifier.get(at + 1).copied().unwrap_or(b'_');
        let starts_upper = byte.is_ascii_uppercase() && (!previous.is_ascii_uppercase() || next.is_ascii_lowercase());
        if !letter || starts_upper {
            flush(&buffer, &mut length, &mut each);
        }
        if letter && let Some(slot) = buffer.get_mut(length) {
            *slot = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    flush(&buffer, &mut length, &mut each);
}

fn flush(buffer: &[u8; LONGEST], length: &mut usize, each: &mut impl FnMut(&[u8])) {
    if *length >= 2 {
        each(&buffer[..*length]);
    } else if *length == 1 {
        each(&[]);
    }
    *length = 0;
}

/// Length of the stem of a lower-case ASCII word: plural, past, gerund, agent and action endings go, so that
/// `connection`/`connect`, `parser`/`parse`, `caching`/`cache` and `policies`/`policy` meet.
pub(super) fn stem(word: &[u8]) -> &[u8] {
    let mut word = word;
    if word.len() >= 5 && word.ends_with(b"ies") {
        // `policies` and `policy` meet at `polic`.
        return &word[..word.len() - 3];
    }
    if word.len() >= 4
        && word.ends_with(b"s")
        && !word.ends_with(b"ss")
        && !word.ends_with(b"us")
        && !word.ends_with(b"is")
    {
        word = &word[..word.len() - 1];
        if word.len() >= 5
            && (word.ends_with(b"sse") || word.ends_with(b"xe") || word.ends_with(b"che") || word.ends_with(b"she"))
        {
            word = &word[..word.len() - 1];
        }
    }
    for (ending, left) in [(&b"ing"[..], 3), (b"ed", 3), (b"ion", 4), (b"er", 4), (b"or", 5)] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.len() >= left
            && rest.iter().any(|byte| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y'))
            && (ending != b"ion" || rest.ends_with(b"t") || rest.ends_with(b"s"))
        {
            word = undouble(rest);
            break;
        }
    }
    if word.len() >= 4 && (word.ends_with(b"e") || word.ends_with(b"y")) {
        word = &word[..word.len() - 1];
    }
    word
}

/// `runn` of `running` is `run`; `call` of `calling` stays `call`.
fn undouble(word: &[u8]) -> &[u8] {
    match word {
        [.., a, b] if a == b && !matches!(b, b'l' | b's' | b'z' | b'e' | b'o') => &word[..word.len() - 1],
        _ => word,
    }
}

/// Whether a byte belongs to an identifier. Bytes of other scripts do.
pub(super) fn in_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// A hash that is equal on every machine and run.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0_u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    state ^ (state >> 29) ^ (bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(identifier: &str) -> Vec<String> {
        let mut found = Vec::new();
        subtokens(identifier.as_bytes(), |token| found.push(String::from_utf8_lossy(token).into_owned()));
        found
    }

    #[test]
    fn identifiers_split_at_humps_underscores_and_digits() {
        assert_eq!(split("HTTPServer_maxSize2"), ["http", "server", "max", "size"]);
        assert_eq!(split("parseURL"), ["parse", "url"]);
        assert_eq!(split("__init__"), ["init"]);
        assert_eq!(split("XMLHttp"), ["xml", "http"]);
        assert_eq!(split("aB"), ["", ""]);
    }

    #[test]
    fn words_of_one_family_meet_at_one_stem() {
        let families = [
            &["connection", "connect", "connected", "connecting", "connections"][..],
            &["parser", "parse", "parsing", "parsers"],
            &["cache", "cached", "caching", "caches"],
            &["policy", "policies"],
            &["deletion", "delete", "deleted"],
            &["running", "run"],
            &["call", "calling", "called"],
            &["class", "classes"],
            &["box", "boxes"],
        ];
        for family in families {
            for word in family {
                assert_eq!(stem(word.as_bytes()), stem(family[0].as_bytes()), "{word} of {family:?}");
            }
        }
        for word in ["status", "this", "user", "ring", "red", "pass"] {
            assert_eq!(stem(word.as_bytes()), word.as_bytes());
        }
    }

    #[test]
    fn stop_words_are_left_out() {
        assert!(is_stop("the") && is_stop("x") && !is_stop("error"));
    }
}
