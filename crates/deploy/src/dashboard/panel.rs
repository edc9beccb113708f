/// A graph of a dashboard. In queries, `$name` is a metric of the service.
pub(super) struct Panel {
    pub(super) row: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    /// Metrics without which a service has no such panel.
    pub(super) required_metrics: &'static [&'static str],
    /// Expressions and their legends.
    pub(super) queries: &'static [(&'static str, &'static str)],
}

pub(super) const fn panel(
    row: &'static str,
    title: &'static str,
    unit: &'static str,
    required_metrics: &'static [&'static str],
    queries: &'static [(&'static str, &'static str)],
) -> Panel {
    Panel {
        row,
        title,
        unit,
        required_metrics,
        queries,
    }
}
