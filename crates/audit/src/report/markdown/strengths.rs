//! Passed checks, with their evidence.

use super::escape::{code, prose};
use super::{MAX_EVIDENCE, MAX_PLACES, capitalised};
use crate::report::narrative::{Narrative, Place};
use std::fmt::{self, Write};

pub(super) fn strengths(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    writeln!(
        out,
        "## What was verified\n\nEach of these checks passed in every service that it names. The place shows the evidence.\n"
    )?;
    if narrative.strengths.is_empty() {
        return writeln!(out, "No check passed in all services.\n");
    }
    for (category, strengths) in &narrative.strengths {
        writeln!(out, "**{}**\n", capitalised(category.name()))?;
        for strength in strengths {
            let shown: Vec<String> = strength
                .evidence
                .iter()
                .take(MAX_EVIDENCE)
                .map(|(evidence, places)| format!("{}{}", prose(evidence), places_of(places)))
                .collect();
            let more = match strength.evidence.len().saturating_sub(MAX_EVIDENCE) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            writeln!(
                out,
                "- {} ({}): {}{more}",
                strength.topic,
                code(strength.id),
                shown.join("; ")
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn places_of(places: &[Place<'_>]) -> String {
    let shown: Vec<String> = places
        .iter()
        .filter_map(|place| {
            let service = place.service.map(code);
            let at = place.at.map(|(path, line)| code(&format!("{path}:{line}")));
            match (service, at) {
                (Some(service), Some(at)) => Some(format!("{service} in {at}")),
                (service, at) => at.or(service),
            }
        })
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let more = match shown.len().saturating_sub(MAX_PLACES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown: Vec<_> = shown.into_iter().take(MAX_PLACES).collect();
    format!(" ({}{more})", shown.join(", "))
}
