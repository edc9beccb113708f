//! The services: by category, and where their code and their image are.

use maud::{Markup, html};

use super::printable;
use crate::report::Report;
use crate::report::markdown::{MATRIX_NOTE, capitalised, open_of};
use crate::report::narrative::Narrative;

pub(super) fn services(narrative: &Narrative<'_>) -> Markup {
    let matrix = &narrative.matrix;
    html! {
        @if !matrix.rows.is_empty() {
            h2 #services { "Services" }
            p { (MATRIX_NOTE) }
            table.matrix {
                thead { tr {
                    th { "Service" }
                    @for category in &matrix.categories { th { (capitalised(category.name())) } }
                } }
                tbody {
                    @for row in &matrix.rows {
                        tr {
                            td {
                                code { (printable(&row.service.name)) }
                                @if row.is_unread { " " strong { "not audited" } }
                            }
                            @for cell in &row.cells { td.(cell.class()) { (cell.text()) } }
                        }
                    }
                }
            }
            (places(narrative.report))
        }
    }
}

fn places(report: &Report) -> Markup {
    html! {
        table {
            thead { tr { th { "Service" } th { "Kind" } th { "Tier" } th { "Source" } th { "Image" } th { "Open findings" } } }
            tbody {
                @for service in &report.services {
                    tr {
                        td { code { (printable(&service.name)) } }
                        td { (service.kind.name()) }
                        td { (service.tier.name()) }
                        td { @match service.root.as_deref() {
                            Some("") => code { "." },
                            Some(root) => code { (printable(root)) },
                            None => "–",
                        } }
                        td { @match &service.dockerfile {
                            Some(path) => code { (printable(path)) },
                            None => "–",
                        } }
                        td { (open_of(service)) }
                    }
                }
            }
        }
    }
}
