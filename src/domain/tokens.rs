//! How many tokens a text will cost, before anyone is asked.

/// An estimate that rather says too much than too little: words by length, digits in threes, marks one by one.
pub fn estimate(text: &str) -> u64 {
    let mut halves = 0_u64; // Half tokens, so that the rules stay in whole numbers.
    let mut run = 0_u64;
    let mut before = Kind::Space;
    for c in text.chars() {
        let kind = Kind::of(c);
        run = if kind == before { run + 1 } else { 1 };
        let starts = match kind {
            // A word of up to nine letters is one token; a capital before it belongs to it.
            Kind::Lower => run % 9 == 1 && !(run == 1 && before == Kind::Upper),
            // Marks often pair up: `);`, `::`, `//`.
            Kind::Upper | Kind::Digit | Kind::Mark => run % 3 == 1,
            // A single space belongs to the word behind it.
            Kind::Space => run == 2 || run.is_multiple_of(16),
            Kind::Line => run == 1,
            Kind::Wide => true,
            Kind::Foreign => false,
        };
        let half = kind == Kind::Foreign || (kind == Kind::Mark && run.is_multiple_of(3));
        halves += u64::from(starts) * 2 + u64::from(half);
        before = kind;
    }
    halves.div_ceil(2)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Space,
    Line,
    Mark,
    /// Letters beyond ASCII with an alphabet.
    Foreign,
    /// Ideographs, emoji and everything rare.
    Wide,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' => Self::Lower,
            'A'..='Z' => Self::Upper,
            '0'..='9' => Self::Digit,
            '\n' | '\r' => Self::Line,
            ' ' | '\t' => Self::Space,
            _ if c.is_ascii() => Self::Mark,
            '\u{80}'..='\u{2fff}' => Self::Foreign,
            _ => Self::Wide,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts are those of the `o200k_base` vocabulary (npm package `gpt-tokenizer`).
    #[test]
    fn the_estimate_is_near_a_real_vocabulary() {
        let code = "fn main() {\n    let total: u64 = items.iter().map(|item| item.price).sum();\n}\n";
        let prose = "The quick brown fox jumps over the lazy dog, and nobody minds.";
        for (text, real) in [(code, 24), (prose, 14)] {
            let estimate = estimate(text);
            assert!((real * 9 / 10..=real * 14 / 10).contains(&estimate), "{estimate} for {real}");
        }
    }

    #[test]
    fn nothing_costs_nothing_and_more_text_never_costs_less() {
        assert_eq!(estimate(""), 0);
        let text = "let x = \"größe 你好 🎉\"; // 1234567";
        let mut before = 0;
        for (at, c) in text.char_indices() {
            let now = estimate(&text[..at + c.len_utf8()]);
            assert!(now >= before);
            before = now;
        }
    }
}
