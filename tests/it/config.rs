//! The configuration against the rest of the house: names of actions, and files that somebody got wrong.

use std::path::Path;

use autonomy::config::{ACTION_NAMES, ConfigFile, Inputs, load};
use autonomy::plan::policy::BUILT_IN;
use globset::Glob;
use proptest::prelude::*;

fn example() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/config.yaml")).unwrap()
}

fn read(text: &str) -> Result<autonomy::config::Loaded, autonomy::config::Problems> {
    load(Some(ConfigFile { name: "config.yaml", bytes: text.as_bytes() }), &Inputs::default())
}

/// The configuration may not import the plan, so it keeps the names itself.
#[test]
fn the_configuration_knows_every_action_by_name() {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan/action.rs")).unwrap();
    let body = source.split("fn name(&self)").nth(1).unwrap().split("fn key(&self)").next().unwrap();
    let names: Vec<&str> =
        body.split('"').skip(1).step_by(2).filter(|name| name.contains('.') && !name.contains(' ')).collect();
    assert!(names.len() >= 15, "the names were not found in the source: {names:?}");
    let unknown: Vec<&&str> = names.iter().filter(|name| !ACTION_NAMES.contains(name)).collect();
    assert!(unknown.is_empty(), "add to config::ACTION_NAMES: {unknown:?}");
    for (pattern, ..) in BUILT_IN {
        let glob = Glob::new(pattern).unwrap().compile_matcher();
        assert!(ACTION_NAMES.iter().any(|name| glob.is_match(name)), "no action has a name like {pattern}");
    }
}

#[test]
fn every_key_of_the_example_is_refused_when_it_is_misspelt() {
    let text = example();
    let mut tried = 0;
    for (at, line) in text.lines().enumerate() {
        let Some((key, _)) = line.split_once(':') else { continue };
        let name = key.trim_start().trim_start_matches("- ");
        let free = ["your-model", "your-other-model"].contains(&name);
        if free || name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            continue;
        }
        let wrong: Vec<String> = text
            .lines()
            .enumerate()
            .map(
                |(other, line)| if other == at { line.replacen(name, &format!("{name}z"), 1) } else { line.to_owned() },
            )
            .collect();
        let problems = read(&wrong.join("\n")).expect_err(name).to_string();
        let place = format!("config.yaml:{}:", at + 1);
        let told = problems.lines().any(|line| {
            line.starts_with(&place) && line.contains(&format!("unknown key `{name}z`; did you mean `{name}`?"))
        });
        assert!(told, "{name}: {problems}");
        tried += 1;
    }
    assert!(tried >= 50, "only {tried} keys were tried");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever stands in the file: a configuration, or problems with a sentence each.
    #[test]
    fn no_file_is_read_without_an_answer(
        cut in 0usize..4000,
        put in prop_oneof![
            "[ -~\n\t]{0,12}", Just("&a *a".to_owned()), Just("!!binary x".to_owned()), Just(": : :".to_owned()),
            Just("- [{".to_owned()), Just("\u{feff}".to_owned()), Just("9999999999999999999999".to_owned()),
            Just("1e999".to_owned()), Just("? x".to_owned()), Just("|-\n".to_owned()),
        ],
    ) {
        let mut text = example();
        let mut at = cut.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.insert_str(at, &put);
        if let Err(problems) = read(&text) {
            prop_assert!(!problems.0.is_empty());
            for problem in problems.0 {
                prop_assert!(!problem.message.is_empty() && !problem.message.contains('\n'), "{problem}");
                prop_assert!(!problem.message.ends_with('.'), "{problem}");
            }
        }
    }
}
