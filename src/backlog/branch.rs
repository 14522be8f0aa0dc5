//! The branch of an issue: `automated/{number}-{slug}`.

use crate::domain::ids::BranchName;
use crate::domain::issue::Issue;

/// The most characters of a slug.
const MAX_SLUG: usize = 50;

/// Depends on number and title only. A title without a usable letter gives `automated/{number}-issue`.
#[expect(
    clippy::expect_used,
    reason = "a slug of letters, digits and single hyphens is a branch name; a test tries many"
)]
pub fn branch_name(issue: &Issue) -> BranchName {
    format!("automated/{}-{}", issue.number, slug(&issue.title)).parse().expect("a plain slug")
}

/// Lower-case ASCII letters and digits with single hyphens between, cut at a hyphen where there is one.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            // Apostrophes join, and a combining accent belongs to the letter before it.
            '\'' | '’' | '\u{300}'..='\u{36f}' => {}
            _ => match latin(c) {
                Some(text) => slug.push_str(text),
                None if slug.is_empty() || slug.ends_with('-') => {}
                None => slug.push('-'),
            },
        }
        if slug.len() > MAX_SLUG {
            slug.truncate(MAX_SLUG + 1);
            break;
        }
    }
    if slug.len() > MAX_SLUG {
        // Not in the middle of a word, unless that costs more than half of it.
        let cut = slug.rfind('-').filter(|at| *at >= MAX_SLUG / 2).unwrap_or(MAX_SLUG);
        slug.truncate(cut);
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "issue".to_owned() } else { slug.to_owned() }
}

/// Latin letters with accents as plain letters.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::test_issue::issue;
    use super::*;

    #[test]
    fn titles_become_slugs() {
        for (title, expected) in [
            ("Add login", "add-login"),
            ("  Don't panic: `parse()` of ../etc/passwd! ", "dont-panic-parse-of-etc-passwd"),
            ("Größe der Straße für Zoë & Łódź", "grosse-der-strasse-fur-zoe-lodz"),
            ("Cafe\u{301} menu", "cafe-menu"),
            ("🚀🔥", "issue"),
            ("日本語のタイトル", "issue"),
            ("", "issue"),
            ("HEAD.lock", "head-lock"),
            ("İstanbul", "istanbul"),
            (
                "Make the importer accept files with more than one header line at the top",
                "make-the-importer-accept-files-with-more-than-one",
            ),
        ] {
            assert_eq!(slug(title), expected, "{title}");
        }
        assert_eq!(slug(&"x".repeat(300)), "x".repeat(50));
        assert_eq!(branch_name(&issue(12)).as_str(), "automated/12-issue-12");
    }

    proptest! {
        #[test]
        fn every_title_gives_a_branch(title in ".{0,90}") {
            let branch = branch_name(&Issue { title, ..issue(7) });
            let slug = branch.as_str().strip_prefix("automated/7-").unwrap();
            prop_assert!(slug.len() <= MAX_SLUG && !slug.is_empty());
            prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        }
    }
}
