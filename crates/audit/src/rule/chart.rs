//! Helm charts: values joined with the templates that use them.

use std::ops::Bound;

use crate::model::Model;
use crate::model::facts::{ChartUse, ChartValue};
use crate::source::Located;

/// A chart.
#[derive(Debug)]
pub struct Chart<'m> {
    /// The folder of `Chart.yaml`.
    pub folder: &'m str,
    /// The text of `Chart.yaml`.
    pub manifest: &'m str,
    /// The nodes of `values.yaml`.
    pub values: Vec<Located<ChartValue>>,
    /// The nodes of further values files, such as `values.dev.yaml`.
    pub overrides: Vec<Located<ChartValue>>,
    /// The uses of values in templates.
    pub uses: Vec<Located<ChartUse>>,
}

impl Chart<'_> {
    /// Whether a template uses a value, a part of it, or a value that contains it.
    #[must_use]
    pub fn uses(&self, path: &str) -> bool {
        self.uses.iter().any(|used| {
            used.path.is_empty()
                || is_value_inside(path, &used.path)
                || is_value_inside(&used.path, path)
        })
    }

    /// The node of `values.yaml` with a path.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&Located<ChartValue>> {
        self.values.iter().find(|value| value.path == path)
    }
}

/// Whether a path is another path or leads to it: `a.b` contains `a.b.c`.
#[must_use]
pub fn is_value_inside(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns the charts of a repository with values and templates.
#[must_use]
pub fn charts(model: &Model) -> Vec<Chart<'_>> {
    let mut charts = Vec::new();
    for found in model.files.values() {
        let file = &found.file;
        if file.name() != "Chart.yaml" || !file.role.is_deployed() {
            continue;
        }
        let mut chart = Chart {
            folder: file.folder(),
            manifest: &file.text,
            values: Vec::new(),
            overrides: Vec::new(),
            uses: Vec::new(),
        };
        let folder = if chart.folder.is_empty() {
            String::new()
        } else {
            format!("{}/", chart.folder)
        };
        let own: Vec<_> = model
            .files
            .range::<str, _>((Bound::Included(folder.as_str()), Bound::Unbounded))
            .map_while(|(path, found)| Some((path.strip_prefix(&folder)?.to_owned(), found)))
            .filter(|(rest, _)| rest.starts_with("templates/") || !rest.contains('/'))
            .collect();
        for (rest, found) in own {
            chart
                .uses
                .extend(found.facts.of::<ChartUse>().items.iter().cloned());
            let values = found.facts.of::<ChartValue>();
            if matches!(rest.as_str(), "values.yaml" | "values.yml") {
                chart.values.extend(values.items.iter().cloned());
            } else {
                chart.overrides.extend(values.items.iter().cloned());
            }
        }
        if !chart.values.is_empty() && !chart.uses.is_empty() {
            charts.push(chart);
        }
    }
    charts
}
