//! How many tokens a text costs, and which texts fit.

/// An estimate that errs on the high side for code and prose: runs of letters and digits count a token for four bytes, any
/// other visible character one, a line break one. Tokenizers differ; nobody should rely on less than 20 % slack.
pub fn estimate_tokens(text: &str) -> u64 {
    let mut tokens = 0;
    let mut run = 0;
    for c in text.chars() {
        if c.is_alphanumeric() {
            run += c.len_utf8() as u64;
        } else {
            tokens += run.div_ceil(4);
            run = 0;
            tokens += u64::from(c == '\n' || !c.is_whitespace());
        }
    }
    tokens + run.div_ceil(4)
}

/// Takes texts in order while they fit into `budget` tokens, skips the ones that don't, and says how many it skipped.
pub fn pack<T>(items: Vec<T>, budget: u64, text: impl Fn(&T) -> &str) -> (Vec<T>, usize) {
    let mut left = budget;
    let mut skipped = 0;
    let mut taken = Vec::new();
    for item in items {
        let cost = estimate_tokens(text(&item));
        if cost <= left {
            left -= cost;
            taken.push(item);
        } else {
            skipped += 1;
        }
    }
    (taken, skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_signs_are_counted() {
        assert_eq!(estimate_tokens(""), 0);
        assert_eq!(estimate_tokens("word"), 1);
        assert_eq!(estimate_tokens("fn main() {}\n"), 1 + 1 + 2 + 2 + 1);
    }

    #[test]
    fn what_does_not_fit_is_skipped_and_counted() {
        let (taken, skipped) = pack(vec!["aaaa", "bbbb bbbb bbbb", "cccc"], 2, |text| text);
        assert_eq!((taken, skipped), (vec!["aaaa", "cccc"], 1));
    }
}
