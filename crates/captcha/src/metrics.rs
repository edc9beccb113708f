use seaworthy_telemetry::metrics::{Counter, Metrics};

use crate::{Binding, quota::Limit};

/// The metrics of codes, by the kind of their message.
#[derive(Debug, Clone, Default)]
pub(crate) struct CodeMetrics {
    email: KindMetrics,
    sms: KindMetrics,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct KindMetrics {
    pub(crate) sent: Counter,
    pub(crate) rejected: Counter,
    pub(crate) unknown: Counter,
    target: Counter,
    ip: Counter,
    ipv6_site: Counter,
    share: Counter,
    total: Counter,
}

impl CodeMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            email: KindMetrics::new(metrics, Binding::Email("").kind()),
            sms: KindMetrics::new(metrics, Binding::Sms("").kind()),
        }
    }

    /// Returns the metrics of a captcha with an address.
    pub(crate) const fn of(&self, binding: &Binding<'_>) -> &KindMetrics {
        match binding {
            Binding::Email(_) => &self.email,
            Binding::Sms(_) | Binding::Image | Binding::Audio => &self.sms,
        }
    }
}

impl KindMetrics {
    fn new(metrics: &Metrics, kind: &str) -> Self {
        let codes = |result| {
            metrics.counter(
                "captcha_codes_total",
                "Captcha codes by the result of their provider.",
                &[("kind", kind), ("result", result)],
            )
        };
        let limited = |limit| {
            metrics.counter(
                "captcha_codes_limited_total",
                "Captcha codes that a limit did not allow.",
                &[("kind", kind), ("limit", limit)],
            )
        };
        Self {
            sent: codes("sent"),
            rejected: codes("rejected"),
            unknown: codes("unknown"),
            target: limited("target"),
            ip: limited("ip"),
            ipv6_site: limited("ipv6_site"),
            share: limited("share"),
            total: limited("total"),
        }
    }

    /// Counts a code that a limit did not allow.
    pub(crate) fn record_limited(&self, limit: Limit) {
        let counter = match limit {
            Limit::Target => &self.target,
            Limit::Ip => &self.ip,
            Limit::Ipv6Site => &self.ipv6_site,
            Limit::Share => &self.share,
            Limit::Total => &self.total,
        };
        counter.increment();
    }
}
