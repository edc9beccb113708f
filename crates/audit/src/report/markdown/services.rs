//! The services: by category, and where their code and their image are.

use std::fmt::{self, Write};

use super::capitalised;
use super::escape::{code, table};
use super::open_of;
use crate::report::ServiceSummary;
use crate::report::narrative::Narrative;

/// How the cells of the matrix are read.
pub(in crate::report) const MATRIX_NOTE: &str = "✗ certain findings and the worst severity, ✓ every decided check passed, ? findings to review, – no check applies.";

pub(super) fn services(out: &mut String, narrative: &Narrative<'_>) -> fmt::Result {
    let matrix = &narrative.matrix;
    if matrix.rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Services\n\n{MATRIX_NOTE}\n")?;
    let names: Vec<_> = matrix
        .categories
        .iter()
        .map(|category| capitalised(category.name()))
        .collect();
    writeln!(out, "| Service | {} |", names.join(" | "))?;
    writeln!(out, "| --- |{}", " --- |".repeat(names.len()))?;
    for row in &matrix.rows {
        let cells: Vec<_> = row.cells.iter().map(|cell| cell.text()).collect();
        writeln!(
            out,
            "| {}{} | {} |",
            table(&code(&row.service.name)),
            if row.is_unread {
                " **not audited**"
            } else {
                ""
            },
            cells.join(" | ")
        )?;
    }
    writeln!(
        out,
        "\n| Service | Kind | Tier | Source | Image | Open findings |\n| --- | --- | --- | --- | --- | --- |"
    )?;
    for service in &narrative.report.services {
        place(out, service)?;
    }
    writeln!(out)
}

fn place(out: &mut String, service: &ServiceSummary) -> fmt::Result {
    let cell = |text: Option<&str>| text.map_or_else(|| "–".to_owned(), |text| table(&code(text)));
    let root = service
        .root
        .as_deref()
        .map(|root| if root.is_empty() { "." } else { root });
    writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} |",
        cell(Some(&service.name)),
        service.kind.name(),
        service.tier,
        cell(root),
        cell(service.dockerfile.as_deref()),
        open_of(service)
    )
}
