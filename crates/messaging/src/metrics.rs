use seaworthy_telemetry::metrics::{
    Counter, DURATION_BUCKETS, Family, Gauge, Histogram, Kind, Metrics,
};

use crate::{DeadLetterReason, GroupName, PublishError};

/// Maximum number of topics as label values, more than a service declares.
const MAX_TOPICS: usize = 256;

/// The metrics of publishing (OBS-5).
#[derive(Debug, Clone)]
pub(crate) struct PublishMetrics {
    pub(crate) published: Family<Counter>,
    pub(crate) failed: Family<Counter>,
    pub(crate) duration: Histogram,
}

/// The metrics of one consumer group (OBS-5).
#[derive(Debug, Clone)]
pub(crate) struct ConsumerMetrics {
    pub(crate) consumed: Counter,
    pub(crate) dropped: Counter,
    pub(crate) retried: Counter,
    pub(crate) released: Counter,
    pub(crate) duration: Histogram,
    pub(crate) age: Histogram,
    pub(crate) unacknowledged: Gauge,
    pub(crate) lag: Gauge,
    pub(crate) connected: Gauge,
    pub(crate) paused: Gauge,
    pub(crate) rejected_dead_letters: Counter,
    dead: [(DeadLetterReason, Counter); DeadLetterReason::ALL.len()],
}

impl PublishMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let counters = |name: &'static str, help: &'static str, label: &'static str| {
            metrics.declare(Kind::Counter, name, help, &[label]);
            let metrics = metrics.clone();
            Family::new(MAX_TOPICS, move |value| {
                metrics.counter(name, help, &[(label, value)])
            })
        };
        let failed = counters(
            "messages_publish_failures_total",
            "Messages that were not published after all attempts, by reason.",
            "reason",
        );
        // Prometheus sees an increase only if an earlier scrape had the series.
        for reason in PublishError::REASONS {
            drop(failed.get_or_create(reason));
        }
        Self {
            published: counters(
                "messages_published_total",
                "Messages that the broker confirmed.",
                "topic",
            ),
            failed,
            duration: metrics.histogram(
                "messages_publish_duration_seconds",
                "Time from publishing to the confirm, with all attempts.",
                DURATION_BUCKETS,
                &[],
            ),
        }
    }
}

impl ConsumerMetrics {
    pub(crate) fn new(metrics: &Metrics, group: &GroupName) -> Self {
        let labels = [("group", group.as_str())];
        let counter = |name, help| metrics.counter(name, help, &labels);
        let gauge = |name, help| metrics.gauge(name, help, &labels);
        let histogram = |name, help| metrics.histogram(name, help, DURATION_BUCKETS, &labels);
        Self {
            consumed: counter(
                "messages_consumed_total",
                "Messages that were handled and acknowledged.",
            ),
            dropped: counter(
                "messages_dropped_total",
                "Messages that a handler dropped or that had expired.",
            ),
            retried: counter(
                "messages_retried_total",
                "Failed attempts that were retried.",
            ),
            released: counter(
                "messages_released_total",
                "Messages that a stop or a pause released to the broker.",
            ),
            duration: histogram("messages_handler_duration_seconds", "Duration of attempts."),
            age: histogram(
                "messages_critical_time_seconds",
                "Time from publishing to the end of the handler.",
            ),
            unacknowledged: gauge(
                "messages_unacknowledged",
                "Messages that are neither acknowledged nor released.",
            ),
            lag: gauge(
                "consumer_lag",
                "Messages that the group has not acknowledged. RabbitMQ counts only those that wait.",
            ),
            connected: gauge(
                "consumer_connected",
                "1 while the subscription is connected, else 0.",
            ),
            paused: gauge(
                "consumer_paused",
                "1 while an operator has paused the subscription, else 0.",
            ),
            rejected_dead_letters: counter(
                "messages_dead_letter_rejections_total",
                "Messages that went back to their queue because the broker rejected their dead letters.",
            ),
            dead: DeadLetterReason::ALL.map(|reason| {
                let labels = [("group", group.as_str()), ("reason", reason.as_str())];
                let help = "Messages that were dead-lettered.";
                (
                    reason,
                    metrics.counter("messages_dead_lettered_total", help, &labels),
                )
            }),
        }
    }

    pub(crate) fn record_dead_letter(&self, reason: DeadLetterReason) {
        if let Some((_, dead)) = self.dead.iter().find(|(known, _)| *known == reason) {
            dead.increment();
        }
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_core::ByteSize;
    use seaworthy_telemetry::metrics::Format;

    use super::*;
    use crate::Topic;

    #[test]
    fn each_failure_of_publishing_starts_at_zero_obs_5() {
        let metrics = Metrics::new();
        let _published = PublishMetrics::new(&metrics);
        let text = metrics.render(Format::PrometheusText);
        let topic = || Topic::new("orders.created").unwrap();
        let errors = [
            PublishError::permanent("invalid"),
            PublishError::TooLarge {
                size: 2,
                limit: ByteSize::bytes(1),
            },
            PublishError::Unroutable { topic: topic() },
            PublishError::unavailable("refused"),
            PublishError::QueueFull { topic: topic() },
            PublishError::Deferred,
            PublishError::Closed,
        ];
        assert_eq!(
            errors.each_ref().map(PublishError::reason),
            PublishError::REASONS
        );
        for reason in PublishError::REASONS {
            let series = format!("messages_publish_failures_total{{reason=\"{reason}\"}} 0\n");
            assert!(text.contains(&series), "{series}: {text}");
        }
    }
}
