//! Time and peak memory on big trees: `cargo bench --bench scale`.
//!
//! Two trees are made (13,000 and 94,000 files of program-like text) in a temporary folder, or given as
//! `AUTONOMY_SCALE_TREES=/a:/b`. Each is ranked in a process of its own; beside it stands `rg` (or `git grep`, or `grep`) looking
//! for the same words in the same tree. `AUTONOMY_SCALE_JSON` names a file for the figures.
#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::cast_precision_loss, reason = "figures are for reading")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use autonomy::codebase::retrieval::{FolderTree, History, Limits, Question, Tree, retrieve};
use serde_json::json;

type Failed = Box<dyn std::error::Error>;

const SIZES: [usize; 2] = [13_000, 94_000];
const TEXT: &str = "Session cache returns a stale token after refresh\n\n`refresh_token` keeps the old buffer when the parser \
retries a request; the handler should drop the entry. See `SessionCache::open` in core/session/cache.rs.";
const WORDS: &str = "session cache token refresh buffer parser request handler entry retry index table column query stream socket \
client server config option value record field error result node graph edge path file folder lock thread queue task event state";

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|one| one == "--one") {
        return one(Path::new(arguments.get(at + 1).ok_or("--one FOLDER")?));
    }
    let made = tempfile::tempdir()?;
    let trees: Vec<PathBuf> = match std::env::var("AUTONOMY_SCALE_TREES") {
        Ok(given) if !given.is_empty() => given.split(':').map(PathBuf::from).collect(),
        _ => SIZES.iter().map(|size| generate(made.path(), *size)).collect::<Result<_, _>>()?,
    };
    let mut table = String::from("tree             files      MiB  program         seconds  peak MiB\n");
    let mut figures = Vec::new();
    for folder in trees {
        let tree = FolderTree::open(&folder)?;
        let bytes: u64 = tree.paths().iter().filter_map(|path| Some(folder.join(path).metadata().ok()?.len())).sum();
        let name = folder.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        for (program, seconds, peak) in [product(&folder)?, product(&folder)?, search(&folder)?] {
            let _ = writeln!(
                table,
                "{name:<14} {:>7}  {:>7.1}  {program:<14} {seconds:>8.2}  {:>8.1}",
                tree.paths().len(),
                bytes as f64 / f64::from(1 << 20),
                peak as f64 / 1024.0,
            );
            figures.push(json!({ "tree": name, "files": tree.paths().len(), "bytes": bytes, "program": program, "seconds": seconds, "peak_kib": peak }));
        }
    }
    println!("{table}");
    if let Ok(path) = std::env::var("AUTONOMY_SCALE_JSON") {
        std::fs::write(path, serde_json::to_vec_pretty(&figures)?)?;
    }
    Ok(())
}

/// Ranks in this process and prints seconds and the peak of resident memory in KiB.
fn one(folder: &Path) -> Result<(), Failed> {
    let start = Instant::now();
    let tree = FolderTree::open(folder)?;
    let history = History::read(folder, "HEAD");
    let found = retrieve(&tree, &history, &Question::from_text(TEXT), Limits::default())?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    println!("{} {} {}", start.elapsed().as_secs_f64(), peak.trim().trim_end_matches(" kB"), found.sources.len());
    Ok(())
}

fn product(folder: &Path) -> Result<(String, f64, u64), Failed> {
    let output = Command::new(std::env::current_exe()?).arg("--one").arg(folder).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace();
    let mut next = || numbers.next().ok_or("the ranking printed no figures");
    Ok(("product".into(), next()?.parse()?, next()?.parse()?))
}

/// The first search program that is installed, looking for the words of the same text.
fn search(folder: &Path) -> Result<(String, f64, u64), Failed> {
    let pattern = "session|cache|stale|token|refresh|buffer|parser|request|handler|entry";
    let programs: [(&str, &[&str]); 3] = [
        ("rg", &["--count-matches", "--ignore-case", "--no-messages", pattern, "."]),
        ("git", &["grep", "--no-index", "--count", "--ignore-case", "--extended-regexp", pattern]),
        ("grep", &["-r", "-c", "-i", "-E", pattern, "."]),
    ];
    for (program, arguments) in programs {
        let start = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { continue };
        let id = child.id();
        let mut out = child.stdout.take().ok_or("the search has no output")?;
        let watcher = std::thread::spawn(move || watch(id));
        std::io::copy(&mut out, &mut std::io::sink())?;
        child.wait()?;
        return Ok((program.into(), start.elapsed().as_secs_f64(), watcher.join().unwrap_or(0)));
    }
    Ok(("no search".into(), 0.0, 0))
}

/// The highest resident memory that is seen while a process lives, in KiB.
fn watch(id: u32) -> u64 {
    let mut most = 0;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { return most };
        most = line.trim().trim_end_matches(" kB").parse().unwrap_or(most).max(most);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A tree of `size` files of about 4 KiB; the words come from a counter, so the tree is the same each time.
fn generate(root: &Path, size: usize) -> Result<PathBuf, Failed> {
    let folder = root.join(format!("generated-{size}"));
    let words: Vec<&str> = WORDS.split(' ').collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % most as u64).unwrap_or(0)
    };
    for number in 0..size {
        let place = folder.join(format!("part{}/module{}", number % 40, number / 40 % 60));
        std::fs::create_dir_all(&place)?;
        let mut text = String::new();
        for function in 0..12 {
            let (first, second) = (words[next(words.len())], words[next(words.len())]);
            let _ = writeln!(
                text,
                "/// Keeps the {first} of a {second}.\npub fn {first}_{second}_{number}_{function}(input: &str) -> usize {{"
            );
            for line in 0..5 {
                let _ = writeln!(
                    text,
                    "    let {}_{line} = {}(input, {});",
                    words[next(words.len())],
                    words[next(words.len())],
                    next(9999)
                );
            }
            text.push_str("}\n\n");
        }
        std::fs::write(place.join(format!("{}_{number}.rs", words[next(words.len())])), text)?;
    }
    Ok(folder)
}
