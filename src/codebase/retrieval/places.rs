//! What the text says of a file's place: its path's words, its name, mentioned paths, modules and scopes.

use std::collections::BTreeMap;

use super::lexical::{float, idf};
use super::query::{Query, stem_of};
use super::words::subtokens;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Place {
    pub(super) path: f32,
    pub(super) base_name: f32,
    pub(super) base_name_in_title: f32,
    pub(super) named_stem: f32,
    pub(super) file_mention: f32,
    pub(super) module: f32,
    pub(super) scope: f32,
    pub(super) scope_stem: f32,
}

struct Words {
    /// Ids of query terms in folders and in the name without extension.
    folders: Vec<u16>,
    name: Vec<u16>,
    /// Subtokens of the name, known or not.
    name_tokens: usize,
}

pub(super) struct Places<'a> {
    query: &'a Query,
    words: Vec<Words>,
    rarity: Vec<f32>,
    /// Lower-case names of code in the text, joined without `_`.
    names: Vec<(String, f32)>,
    /// How many candidates have this lower-case file name.
    same_name: BTreeMap<String, usize>,
}

impl<'a> Places<'a> {
    pub(super) fn new(query: &'a Query, paths: &[&str]) -> Self {
        let ids: BTreeMap<&str, u16> = query.terms.iter().map(|term| term.stem.as_str()).zip(0..).collect();
        let words: Vec<Words> = paths.iter().map(|path| path_words(path, &ids)).collect();
        let mut counts = vec![0.0_f32; query.terms.len()];
        for one in &words {
            let mut all: Vec<u16> = one.folders.iter().chain(&one.name).copied().collect();
            all.sort_unstable();
            all.dedup();
            for id in all {
                counts[usize::from(id)] += 1.0;
            }
        }
        let rarity = counts.into_iter().map(|count| idf(float(paths.len()), count)).collect();
        let names = query.names.iter().map(|name| (squeezed(&name.text), name.weight)).collect();
        let mut same_name: BTreeMap<String, usize> = BTreeMap::new();
        for path in paths {
            let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
            *same_name.entry(name).or_insert(0) += 1;
        }
        Self { query, words, rarity, names, same_name }
    }

    pub(super) fn of(&self, row: usize, path: &str) -> Place {
        let lower = path.to_ascii_lowercase();
        let (folder, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let stem = name.split('.').next().unwrap_or(name);
        let mut place = Place::default();
        if let Some(words) = self.words.get(row) {
            self.words(words, &mut place);
        }
        let joined = squeezed(stem);
        place.named_stem =
            self.names.iter().filter(|(one, _)| *one == joined).map(|(_, weight)| *weight).fold(0.0, f32::max);
        place.file_mention = self.file_mention(&lower, name);
        let mentions = &self.query.mentions;
        place.module = mentions.places.iter().map(|one| place_mention(one, &lower, stem)).fold(0.0, f32::max);
        for scope in &mentions.scopes {
            let last = scope.rsplit('/').next().unwrap_or(scope);
            if last == stem || squeezed(last) == joined {
                place.scope_stem = 1.0;
            }
            let depth = float(scope.split('/').count());
            if contains_parts(folder, scope) || contains_parts(&lower[..lower.len() - name.len() + stem.len()], scope) {
                place.scope = place.scope.max(0.5 + depth / 2.0);
            }
        }
        place
    }

    fn words(&self, words: &Words, place: &mut Place) {
        let worth = |id: u16| {
            let at = usize::from(id);
            let rarity = self.rarity.get(at).copied().unwrap_or(0.0);
            self.query.terms.get(at).map_or((0.0, false), |term| (term.weight * rarity, term.in_title))
        };
        let mut seen: Vec<u16> = Vec::new();
        for (id, weight) in words.name.iter().map(|id| (*id, 1.0)).chain(words.folders.iter().map(|id| (*id, 0.5))) {
            if !seen.contains(&id) {
                seen.push(id);
                place.path += weight * worth(id).0;
            }
        }
        place.path /= 1.0 + 0.15 * float(words.name_tokens);
        if words.name_tokens > 0 {
            let share = float(words.name.len()) / float(words.name_tokens);
            place.base_name = share * words.name.iter().map(|id| worth(*id).0).fold(0.0, |sum, one| sum + one);
            let titled: Vec<_> = words.name.iter().map(|id| worth(*id)).filter(|(_, in_title)| *in_title).collect();
            let share = float(titled.len()) / float(words.name_tokens);
            place.base_name_in_title = share * share * titled.iter().map(|(worth, _)| worth).sum::<f32>();
        }
    }

    fn file_mention(&self, lower: &str, name: &str) -> f32 {
        let strength = |mention: &String| {
            let parts = mention.split('/').count();
            if lower == mention
                || (parts >= 2 && lower.ends_with(mention) && lower[..lower.len() - mention.len()].ends_with('/'))
            {
                1.0
            } else if parts >= 3 && mention.ends_with(lower) {
                // An absolute path of somebody's machine ends with ours.
                1.0
            } else if mention.rsplit('/').next() == Some(name) {
                let common = mention.rsplit('/').zip(lower.rsplit('/')).take_while(|(a, b)| a == b).count();
                let alike = self.same_name.get(name).copied().unwrap_or(1);
                if common >= 2 { 0.8 } else { 0.7 / float(alike).sqrt() }
            } else {
                0.0
            }
        };
        self.query.mentions.files.iter().map(strength).fold(0.0, f32::max)
    }
}

/// How much of a named place a path shows: the longest run of its parts that stands in the path, from two parts on.
fn place_mention(mention: &str, lower: &str, stem: &str) -> f32 {
    let parts: Vec<&str> = mention.split('/').collect();
    let own: Vec<&str> = lower.rsplit_once('/').map_or("", |(folder, _)| folder).split('/').chain([stem]).collect();
    let mut best = 0.0_f32;
    for start in 0..parts.len() {
        for at in 0..own.len() {
            let run = parts[start..].iter().zip(&own[at..]).take_while(|(a, b)| a == b).count();
            if run >= 2 {
                // A run that ends in the file's own name says the file, not only its folder.
                let whole = if at + run == own.len() { 1.0 } else { 0.5 };
                best = best.max(whole * float(run) / float(parts.len().min(5)));
            }
        }
    }
    best.min(1.0)
}

fn contains_parts(folder: &str, parts: &str) -> bool {
    folder == parts
        || folder.ends_with(&format!("/{parts}"))
        || folder.starts_with(&format!("{parts}/"))
        || folder.contains(&format!("/{parts}/"))
}

fn squeezed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn path_words(path: &str, ids: &BTreeMap<&str, u16>) -> Words {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = name.split('.').next().unwrap_or(name);
    let known = |text: &str, total: &mut usize| {
        let mut found = Vec::new();
        subtokens(text.as_bytes(), |token| {
            if !token.is_empty() {
                *total += 1;
                if let Some(id) = ids.get(stem_of(token).as_str())
                    && !found.contains(id)
                {
                    found.push(*id);
                }
            }
        });
        found
    };
    let mut name_tokens = 0;
    let name = known(name, &mut name_tokens);
    Words { folders: known(folder, &mut 0), name, name_tokens }
}

/// For each path, the mean of the best values in its folder, its own left out.
pub(super) fn folder_means(paths: &[&str], values: &[f32]) -> Vec<f32> {
    const BEST: usize = 4;
    let folder = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut best: BTreeMap<String, Vec<(f32, usize)>> = BTreeMap::new();
    for (row, (path, value)) in paths.iter().zip(values).enumerate() {
        let all = best.entry(folder(path)).or_default();
        all.push((*value, row));
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        all.truncate(BEST + 1);
    }
    let mean = |(row, path): (usize, &&str)| {
        let all = best.get(&folder(path)).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|(_, other)| *other != row).take(BEST).map(|(value, _)| value).sum::<f32>() / float(BEST)
    };
    paths.iter().enumerate().map(mean).collect()
}
