//! Rows of instructions against those of an earlier run.

use std::{collections::BTreeMap, fs, path::Path};

use crate::Failure;

/// Fails if a row needs more instructions than the same row of the baseline allows.
pub(crate) fn check(
    output: &str,
    baseline: Option<&Path>,
    max_growth_percent: u64,
) -> Result<(), Failure> {
    let Some(baseline) = baseline else {
        return Ok(());
    };
    let grown = grown(&fs::read_to_string(baseline)?, output, max_growth_percent);
    if grown.is_empty() {
        return Ok(());
    }
    Err(format!("more instructions than before:\n{}", grown.join("\n")).into())
}

fn grown(baseline: &str, output: &str, max_growth_percent: u64) -> Vec<String> {
    let before = rows(baseline);
    let rows = rows(output).into_iter();
    let grown = rows.filter_map(|(row, after)| {
        let before = *before.get(&row)?;
        let is_grown = after * 100 > before * (100 + max_growth_percent);
        is_grown.then(|| format!("{}, {}: {before} to {after}", row.0, row.1))
    });
    grown.collect()
}

/// Returns the instructions of each row, by workload and target.
fn rows(output: &str) -> BTreeMap<(&str, &str), u64> {
    let mut workload = "";
    let mut rows = BTreeMap::new();
    for line in output.lines() {
        let row = line.strip_suffix(" times bare").and_then(|row| {
            let (row, _) = row.trim_end().rsplit_once(' ')?;
            let (target, each) = row.trim_end().rsplit_once(' ')?;
            Some((target.trim_end(), each.parse().ok()?))
        });
        match row {
            Some((target, each)) => drop(rows.insert((workload, target), each)),
            None => workload = line,
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASELINE: &str = "instructions per request, 1000 requests against twice as many

plain text
bare axum                 20000   1.00 times bare
full stack                40000   2.00 times bare
";

    #[test]
    fn row_that_grows_by_more_than_the_bound_is_reported_ship_5() {
        assert_eq!(rows(BASELINE).len(), 2);
        let after = |each: &str| BASELINE.replace("40000", each);
        assert!(grown(BASELINE, &after("44000"), 10).is_empty());
        assert_eq!(
            grown(BASELINE, &after("44001"), 10),
            ["plain text, full stack: 40000 to 44001"]
        );
        assert!(grown("", &after("90000"), 10).is_empty(), "new rows pass");
    }
}
