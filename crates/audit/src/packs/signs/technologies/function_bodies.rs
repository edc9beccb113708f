//! Checks that need the whole body of a function: a parameter that no call gets, a record that is
//! read and written back, a failure that only a log shows, a promise that no code awaits.

mod functions;
mod go;
mod handles;
mod promises;
mod python;
mod script;

use std::ops::Range;

pub(super) use self::functions::closing;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "bodies of functions",
    reader: Reader::Text(read),
};

/// Maximum number of places of one check in one file.
const MAX_PLACES: usize = 12;
/// Words of code that keeps a record from parallel changes.
const LOCKED: &str = r"FOR UPDATE|clause\.Locking|(?i:pessimistic|optimistic|\bversion\b|\.lock\(|serializable|transaction|rowversion|\btx\b|session)";

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let path = file.path.to_lowercase();
    let aside = ["migrat", "seed", "script", "mock", "example"];
    if file.role != Role::Production || aside.iter().any(|part| path.contains(part)) {
        return;
    }
    let mut found = Found {
        facts,
        counts: Vec::new(),
    };
    if path.ends_with(".go") {
        go::read(&file.text, &mut found);
        handles::read_go(&file.text, &mut found);
    } else if [".ts", ".js", ".mjs"].iter().any(|end| path.ends_with(end)) {
        script::read(&file.text, &mut found);
        promises::read(&file.text, &mut found);
        handles::read_script(&file.text, &mut found);
    } else if path.ends_with(".py") {
        python::read(&file.text, &mut found);
    }
}

/// Records places, with a limit for each practice.
struct Found<'f, 's> {
    facts: &'f mut FactSink<'s>,
    counts: Vec<Practice>,
}

impl Found<'_, '_> {
    fn show(&mut self, practice: Practice, span: Range<usize>, evidence: String) {
        if self.counts.iter().filter(|own| **own == practice).count() >= MAX_PLACES {
            return;
        }
        self.counts.push(practice);
        let observation = Observation {
            practice,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence,
        };
        self.facts.add(observation, span);
    }
}

#[cfg(test)]
mod tests;
