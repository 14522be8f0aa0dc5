//! Text by others made fit for the places where it leaves: titles, commit messages, Markdown. Each place has one function.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::domain::ids::IssueNumber;
use crate::domain::issue::Issue;
use crate::prompt::unicode::clean_prose;
use crate::report::markdown;

/// The most characters of a title without its prefix. Git's own tools cut far earlier, GitHub refuses more than 256.
const MAX_TITLE: usize = 120;
const MAX_MESSAGE: usize = 4_000;

/// The pull request's title and the commit's first line: `feat: {title}`, or `fix:` for a bug.
pub(super) fn title(issue: &Issue) -> String {
    let kind = if is_bug(issue) { "fix" } else { "feat" };
    let title = one_line(&issue.title);
    let title = title.strip_prefix(&format!("{kind}: ")).unwrap_or(&title);
    let title = harmless(&shortened(title, MAX_TITLE));
    if title.is_empty() { format!("{kind}: implement issue {}", issue.number) } else { format!("{kind}: {title}") }
}

/// Labels as `bug`, `kind/bug` or `type: bug` say that the issue is one.
fn is_bug(issue: &Issue) -> bool {
    let named =
        |label: &String| label.rsplit(['/', ':']).next().is_some_and(|name| name.trim().eq_ignore_ascii_case("bug"));
    issue.labels.iter().any(named)
}

/// The whole commit message. What the model wrote stands between the title and the line that closes the issue.
pub(super) fn commit_message(issue: &Issue, written: Option<&str>) -> String {
    let title = title(issue);
    let written = harmless(&shortened(&clean_prose(written.unwrap_or_default()).text, MAX_MESSAGE));
    // Trailers by a model would speak for people; the title is ours.
    let kept = written.lines().filter(|line| !is_trailer(line)).enumerate().filter(|(at, line)| {
        !(*at == 0 && (line.trim() == title || line.starts_with("feat:") || line.starts_with("fix:")))
    });
    let body: Vec<&str> = kept.map(|(_, line)| line.trim_end()).collect();
    let body = body.join("\n");
    let close = format!("Fixes #{}", issue.number);
    if body.trim().is_empty() {
        format!("{title}\n\n{close}")
    } else {
        format!("{title}\n\n{}\n\n{close}", body.trim())
    }
}

fn is_trailer(line: &str) -> bool {
    let Some((name, _)) = line.split_once(':') else { return false };
    let name = name.trim().to_ascii_lowercase();
    name.ends_with("-by") || name == "skip-checks" || name == "change-id"
}

/// No words that switch checks off, no closing of issues, no mentions: for text that git and GitHub read.
fn harmless(text: &str) -> String {
    let text = replaced(&SKIP, text, |found| format!("({})", &found[1]));
    let text = replaced(&CLOSING, &text, |found| format!("{} issue {}", &found[1], &found[2]));
    replaced(&MENTION, &text, |found| format!("{}@ {}", &found[1], &found[2]))
}

/// Untrusted text as a Markdown quotation that keeps its lines and has no effect.
pub(super) fn quote(text: &str) -> String {
    let text = markdown::block(text, MAX_MESSAGE);
    text.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// How a person stops a pull request. It stands in every body.
pub(super) fn how_to_stop(issue: IssueNumber, hold: &str) -> String {
    format!(
        "**To stop it:** put the label `{hold}` on this pull request, or close it. A closed pull request is not opened again \
         unless somebody approves #{issue} anew."
    )
}

fn one_line(text: &str) -> String {
    let text = clean_prose(text).text;
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cut at a word where that costs little, with an ellipsis.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    let cut = head.rfind(char::is_whitespace).filter(|at| at * 4 >= head.len() * 3).unwrap_or(head.len());
    format!("{}…", head[..cut].trim_end())
}

fn replaced(regex: &LazyLock<Option<Regex>>, text: &str, with: impl Fn(&Captures<'_>) -> String) -> String {
    regex.as_ref().map_or_else(|| text.to_owned(), |regex| regex.replace_all(text, with).into_owned())
}

static SKIP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\[(skip ci|ci skip|no ci|skip actions|actions skip)\]").ok());
static CLOSING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w.-]+/[\w.-]+)?(?:#|GH-|https?://\S+/issues/)(\d+)",
    )
    .ok()
});
static MENTION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(^|[^\w`@/.])@([A-Za-z0-9])").ok());

#[cfg(test)]
mod tests {
    use super::super::testing::issue;
    use super::*;
    use crate::plan::limits::{closes_other, skip_word};

    #[test]
    fn titles_get_their_prefix_and_arrive_as_they_are() {
        let mut bug = issue(7, "It $(rm -rf /) `breaks` \"now\"", "");
        assert_eq!(title(&bug), "feat: It $(rm -rf /) `breaks` \"now\"");
        bug.labels.push("kind/Bug".into());
        assert_eq!(title(&bug), "fix: It $(rm -rf /) `breaks` \"now\"");
        assert_eq!(title(&issue(7, "feat: Add x", "")), "feat: Add x");
    }

    #[test]
    fn titles_of_emoji_nothing_or_300_characters_are_made_fit() {
        assert_eq!(title(&issue(7, "🚀🔥", "")), "feat: 🚀🔥");
        assert_eq!(title(&issue(7, " \u{200b}\n", "")), "feat: implement issue 7");
        let long = title(&issue(7, &"word ".repeat(60), ""));
        assert!(long.chars().count() <= MAX_TITLE + 6 && long.ends_with("word…"), "{long}");
        let emoji = title(&issue(7, &"🔥".repeat(300), ""));
        assert_eq!(emoji.chars().count(), 6 + MAX_TITLE);
        assert_eq!(title(&issue(7, "a\nb\r\nc\u{202e}d", "")), "feat: a b cd");
    }

    #[test]
    fn a_title_closes_nothing_and_skips_no_check() {
        for hostile in
            ["Revert fixes #12 [skip ci]", "closes: acme/web#3", "Resolved https://github.com/a/b/issues/9", "fix GH-4"]
        {
            let title = title(&issue(7, hostile, ""));
            assert_eq!((closes_other(&title, IssueNumber(7)), skip_word(&title)), (None, None), "{title}");
            assert!(!title.contains("GH-"), "{title}");
        }
    }

    #[test]
    fn the_commit_message_is_ours_around_the_model_s_words() {
        let issue = issue(7, "Add x", "");
        assert_eq!(commit_message(&issue, None), "feat: Add x\n\nFixes #7");
        let written = "feat: Add x\n\nUse y, as @alice asked.\nCloses #99\nCo-authored-by: Linus <l@x>\nskip-checks: true\n[no ci]";
        assert_eq!(
            commit_message(&issue, Some(written)),
            "feat: Add x\n\nUse y, as @ alice asked.\nCloses issue 99\n(no ci)\n\nFixes #7"
        );
        assert!(commit_message(&issue, Some(&"x".repeat(90_000))).chars().count() < MAX_MESSAGE + 100);
    }

    #[test]
    fn a_quotation_is_text_and_stays_one() {
        assert_eq!(quote("a\n\n- @b\n"), "> a\n>\n> \\- @\u{200b}b");
        assert_eq!(closes_other(&quote("fixes #12\ncloses https://github.com/a/b/issues/3"), IssueNumber(7)), None);
    }
}
