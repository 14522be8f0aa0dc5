//! What the engineer would be shown of the files for a text, without any model: for people who want to know why.

use serde::Serialize;

use super::related::{related, room, tell};
use crate::codebase::index::Index;
use crate::codebase::retrieval::{History, Past, Question, Ranked};
use crate::config::Config;
use crate::domain::change::RepoPath;
use crate::domain::secret::Redactor;
use crate::ports::checkout::{Checkout, CheckoutError};
use crate::prompt::Prompt;

/// The ranking as data. Paths, reasons and lines are untrusted text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Context {
    /// That part of the brief as the engineer reads it.
    pub text: String,
    /// Likeliest first.
    pub sources: Vec<Likely>,
    pub tests: Vec<Likely>,
    pub manifests: Vec<String>,
    /// Files the text names by their whole path, and that are not ranked.
    pub named: Vec<RepoPath>,
    /// Past commits that were asked; `null` when the checkout has none.
    pub commits: Option<usize>,
    /// Files that were searched.
    pub scanned: usize,
    /// Files that should have been searched and could not be.
    pub left_out: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Likely {
    pub path: String,
    pub reasons: Vec<String>,
}

/// Looks for what `question` is about.
pub async fn context(
    checkout: &dyn Checkout,
    history: History,
    question: Question,
    config: &Config,
    redactor: &Redactor,
) -> Result<Context, CheckoutError> {
    let index = Index::of(checkout).await?;
    let related = related(checkout, &index, history, question, room(config)).await?;
    let likely = |files: &[Ranked]| {
        let reasons = |file: &Ranked| file.reasons.iter().map(|reason| redactor.redact(&reason.to_string())).collect();
        files.iter().map(|file| Likely { path: file.path.clone(), reasons: reasons(file) }).collect()
    };
    Ok(Context {
        text: tell(&related, Prompt::new(), redactor).render(),
        sources: likely(&related.sources),
        tests: likely(&related.tests),
        commits: match related.past {
            Past::Known { commits } => Some(commits),
            Past::Missing => None,
        },
        scanned: related.scanned,
        left_out: related.left_out,
        manifests: related.manifests,
        named: related.named,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    #[tokio::test]
    async fn the_context_has_the_text_of_the_brief_and_the_reasons_as_data() {
        let checkout =
            FakeCheckout::new(&[("src/wrap.rs", b"pub fn wrap() {}\n"), ("src/paint.rs", b"fn paint() {}\n")]);
        let question = Question::from_text("`wrap` loses words");
        let redactor = Redactor::new(["pub fn wrap()".to_owned()]);
        let context = context(&checkout, History::default(), question, &Config::defaults(), &redactor).await.unwrap();
        assert_eq!(context.sources[0].path, "src/wrap.rs");
        assert!(context.sources[0].reasons.contains(&"lines 1-2 have wrap".to_owned()), "{context:?}");
        assert_eq!((context.commits, context.scanned, context.left_out), (None, 2, 0));
        assert!(context.text.contains(": files that look related\nsrc/wrap.rs: "), "{}", context.text);
        assert!(context.text.contains("    1  [redacted] {}"), "{}", context.text);
    }
}
