//! Bodies of functions in Python.

use super::Found;
use crate::model::facts::Practice;

/// The call that ends a transaction.
const COMMIT: &str = ".commit()";

pub(super) fn read(text: &str, found: &mut Found<'_, '_>) {
    for (start, body) in functions(text) {
        two_transactions(start, body, found);
    }
}

/// The functions of a file and their places: a header, and the lines below it that are indented
/// more.
fn functions(text: &str) -> Vec<(usize, &str)> {
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .collect();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    lines
        .iter()
        .enumerate()
        .filter(|(_, (_, line))| {
            let start = line.trim_start();
            start.starts_with("def ") || start.starts_with("async def ")
        })
        .filter_map(|(index, (at, header))| {
            let depth = indentation(header);
            let end = lines
                .iter()
                .skip(index + 1)
                .find(|(_, line)| {
                    let start = line.trim_start();
                    !start.is_empty()
                        && !start.starts_with([')', '#'])
                        && indentation(line) <= depth
                })
                .map_or(text.len(), |(end, _)| *end);
            Some((*at, text.get(*at..end)?))
        })
        .collect()
}

/// Records of one operation that two transactions store.
fn two_transactions(start: usize, body: &str, found: &mut Found<'_, '_>) {
    let mut commits = body.match_indices(COMMIT).map(|(at, _)| at);
    let (Some(first), Some(second)) = (commits.next(), commits.next()) else {
        return;
    };
    let between = body.get(first..second).unwrap_or_default();
    // A commit in each branch, and one for each element of a list, are separate operations.
    let branches = [
        "return", "else:", "elif ", "except", "raise", "continue", "def ",
    ]
    .iter()
    .any(|word| between.contains(word));
    let stores = [
        ".add(",
        ".add_all(",
        "bulk_save",
        "insert(",
        ".execute(",
        ".delete(",
    ]
    .iter()
    .any(|word| between.contains(word));
    if !branches && stores {
        let line = body.get(..first).and_then(|before| before.rfind('\n'));
        let at = line.map_or(0, |end| end + 1);
        let space = body
            .get(at..first)
            .map_or(0, |line| line.len() - line.trim_start().len());
        found.show(
            Practice::PartialWrite,
            start + at + space..start + first + COMMIT.len(),
            "a failure after this commit leaves the first part of the operation stored".to_owned(),
        );
    }
}
