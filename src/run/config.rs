//! `config check`, `config show` and `config schema`.

use std::path::PathBuf;

use serde_json::json;

use super::files;
use super::outcome::Ended;
use super::session::CONFIG_PATH;
use crate::cli::Invocation;
use crate::config::{ConfigFile, Loaded, load, schema};
use crate::outcome::{Exit, Failure};
use crate::report::{Report, sections};

pub(super) fn print_schema() -> Result<Ended, Failure> {
    let text = serde_json::to_string_pretty(schema())
        .map_err(|error| Failure::new(Exit::Unexpected, format!("the schema could not be written: {error}"), ""))?;
    Ended::text("config schema", "shown", "the schema of the configuration", text).with_json(schema())
}

pub(super) fn check(invocation: &Invocation) -> Result<Ended, Failure> {
    let (name, _) = local(invocation)?;
    Ok(Ended::sentence("config check", "valid", &format!("{name} is valid")))
}

pub(super) fn show(invocation: &Invocation) -> Result<Ended, Failure> {
    let (_, loaded) = local(invocation)?;
    let values: Vec<_> = loaded
        .settings
        .iter()
        .map(|setting| json!({ "key": setting.key, "value": setting.value, "source": setting.source.to_string() }))
        .collect();
    let report = Report::default().table(sections::settings(&loaded.settings));
    Ended::report("config show", "shown", "the effective configuration", report).with_json(&values)
}

/// The file of the checkout at hand: these commands judge what is being written, not what is in force.
fn local(invocation: &Invocation) -> Result<(String, Loaded), Failure> {
    let path = match &invocation.config {
        Some(path) => path.clone(),
        None => invocation.repo_dir.clone().unwrap_or_else(|| PathBuf::from(".")).join(CONFIG_PATH),
    };
    let name = path.display().to_string();
    let bytes = if invocation.config.is_none() && !path.exists() {
        None
    } else {
        Some(files::read_bytes(&path, "the configuration")?)
    };
    let file = bytes.as_ref().map(|bytes| ConfigFile { name: &name, bytes });
    let loaded = load(file, &invocation.inputs).map_err(|problems| {
        Failure::new(Exit::Usage, problems.to_string(), "`autonomy config schema` prints what is allowed")
    })?;
    let shown = if bytes.is_some() { name } else { format!("{name} does not exist; the defaults hold, and that") };
    Ok((shown, loaded))
}
