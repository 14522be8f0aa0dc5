//! Which texts fit into a budget of tokens.

use crate::domain::tokens::estimate;

/// Takes texts in order while they fit into `budget` tokens, skips the ones that don't, and says how many it skipped.
pub fn pack<T>(items: Vec<T>, budget: u64, text: impl Fn(&T) -> &str) -> (Vec<T>, usize) {
    let mut left = budget;
    let mut skipped = 0;
    let mut taken = Vec::new();
    for item in items {
        let cost = estimate(text(&item));
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
    fn what_does_not_fit_is_skipped_and_counted() {
        let (taken, skipped) = pack(vec!["aaaa", "bbbb bbbb bbbb", "cccc"], 2, |text| text);
        assert_eq!((taken, skipped), (vec!["aaaa", "cccc"], 1));
    }
}
