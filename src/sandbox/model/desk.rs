//! The prompter's desk: which turn answers which request.

use std::collections::BTreeMap;

use super::log::{Entry, Outcome};
use super::script::{ModelScript, Needle, Turn};

/// The script, how far it was played, and the log.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(super) script: ModelScript,
    played: BTreeMap<String, Vec<bool>>,
    pub(super) entries: Vec<Entry>,
}

/// What of a request decides over its answer.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) role: String,
    pub(super) model: String,
    /// All text of the conversation, the system prompt first.
    pub(super) prompt: String,
    /// The text since the model's last word.
    pub(super) last: String,
    /// The name of the forced tool, for answers that must come as its input.
    pub(super) forced_tool: Option<String>,
}

impl Desk {
    pub(super) fn new(script: ModelScript) -> Self {
        let played = script.roles.iter().map(|(role, turns)| (role.clone(), vec![false; turns.len()])).collect();
        Self { script, played, entries: Vec::new() }
    }

    /// The first turn of the role that is not played and whose `when` holds, and its number from 1.
    /// The turn counts as played from here on, unless its expectations fail.
    pub(super) fn take(&mut self, heard: &Heard) -> Result<(usize, Turn), Outcome> {
        let unscripted = |reason: String| Outcome::Unscripted { reason };
        let role = &heard.role;
        let turns = self.script.roles.get(role).map_or(&[][..], Vec::as_slice);
        let played = self.played.entry(role.clone()).or_default();
        let open = turns.iter().enumerate().find(|(at, turn)| {
            !played.get(*at).copied().unwrap_or(false) && turn.when.iter().all(|n| n.occurs_in(&heard.prompt))
        });
        let Some((at, turn)) = open else {
            let known = if turns.is_empty() { "the script has no turns for it" } else { "all its turns were played" };
            return Err(unscripted(format!("nobody scripted this request of role `{role}`: {known}")));
        };
        if let Some(reason) = mismatch(turn, heard) {
            return Err(unscripted(format!("role `{role}`, turn {}: {reason}", at + 1)));
        }
        if let Some(slot) = played.get_mut(at) {
            *slot = !turn.repeat;
        }
        Ok((at + 1, turn.clone()))
    }

    pub(super) fn leftover(&self) -> Vec<String> {
        let turns = self.script.roles.iter().flat_map(|(role, turns)| turns.iter().enumerate().map(move |t| (role, t)));
        turns
            .filter(|(role, (at, turn))| {
                !turn.repeat && self.played.get(*role).is_none_or(|p| p.get(*at) != Some(&true))
            })
            .map(|(role, (at, _))| format!("{role}: turn {}", at + 1))
            .collect()
    }
}

fn mismatch(turn: &Turn, heard: &Heard) -> Option<String> {
    let missing =
        |needles: &[Needle], text: &str| needles.iter().find(|n| !n.occurs_in(text)).map(|n| n.written().to_owned());
    if let Some(text) = missing(&turn.expect, &heard.prompt) {
        return Some(format!("expected `{text}` in the prompt"));
    }
    if let Some(text) = missing(&turn.expect_last, &heard.last) {
        return Some(format!(
            "expected `{text}` in what followed the model's last word, which begins `{}`",
            begin(&heard.last)
        ));
    }
    let present = turn.absent.iter().find(|n| n.occurs_in(&heard.prompt))?;
    Some(format!("`{}` must not stand in the prompt", present.written()))
}

fn begin(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(text: &str) -> Desk {
        Desk::new(ModelScript::parse("talk", text).unwrap())
    }

    fn heard(role: &str, prompt: &str) -> Heard {
        let (role, prompt, last) = (role.to_owned(), prompt.to_owned(), prompt.to_owned());
        Heard { role, model: "m".to_owned(), prompt, last, forced_tool: None }
    }

    #[test]
    fn turns_are_played_in_order_and_then_nobody_scripted_it() {
        let mut desk = desk("roles: {engineer: [{text: a}, {text: b}]}");
        let turns = [1, 2, 3].map(|_| desk.take(&heard("engineer", "")).ok().map(|(n, _)| n));
        assert_eq!(turns, [Some(1), Some(2), None]);
        assert!(desk.leftover().is_empty());
    }

    #[test]
    fn a_turn_that_was_refused_stays_open() {
        let mut desk = desk("roles: {engineer: [{text: a, expect: [hello], absent: ['re:sk-\\w+']}]}");
        for (prompt, part) in [("bye", "expected `hello`"), ("hello sk-123", "must not stand")] {
            let Err(Outcome::Unscripted { reason }) = desk.take(&heard("engineer", prompt)) else { panic!("{prompt}") };
            assert!(reason.contains(part), "{reason}");
        }
        assert_eq!(desk.leftover(), ["engineer: turn 1"]);
        assert!(desk.take(&heard("engineer", "hello")).is_ok());
    }

    #[test]
    fn when_skips_and_repeat_stays() {
        let mut desk = desk("roles: {cto_review: [{text: a, when: [unsafe]}, {text: b, repeat: true}]}");
        let turns = ["x", "unsafe", "unsafe", "y"].map(|p| desk.take(&heard("cto_review", p)).unwrap().0);
        assert_eq!(turns, [2, 1, 2, 2]);
    }
}
