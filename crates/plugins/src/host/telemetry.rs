use std::{
    fmt,
    time::{Instant, SystemTime},
};

use seaworthy_config::Settings;
use seaworthy_core::{context, error_chain};
use seaworthy_service::Assembly;
use seaworthy_telemetry::{
    metrics::{Counter, Family, Gauge, Histogram, Kind},
    tracer::{Attribute, SpanKind, SpanRecord, Tracer},
};

use super::SOURCE;
use crate::{
    Event, EventBus, EventType, Manifest, PluginErrorCode, event::WeakEventBus, plugin::Observe,
    runtime::CallError, sandbox::Transition,
};

/// The name of the span of a call.
const SPAN: &str = "plugin.call";

const CALLS: &str = "plugin_calls_total";
const CALLS_HELP: &str = "Calls of plugins that returned.";
const FAULTS: &str = "plugin_faults_total";
const FAULTS_HELP: &str = "Calls of plugins without a result, by reason.";
const DURATION: &str = "plugin_call_duration_seconds";
const DURATION_HELP: &str = "Duration of calls of plugins.";
const HOOKS: &str = "plugin_hook_failures_total";
const HOOKS_HELP: &str = "Hooks that failed.";
const HANDLERS: &str = "plugin_handler_failures_total";
const HANDLERS_HELP: &str = "Deliveries of events to plugins that failed.";
const DROPPED: &str = "plugin_events_dropped_total";
const DROPPED_HELP: &str = "Events about plugins that the bus did not accept.";
const STARTED: &str = "plugin_started";
const STARTED_HELP: &str = "Whether this version of a plugin is started.";
const LINES: &str = "plugin_log_lines_dropped_total";
const LINES_HELP: &str = "Lines of plugins above max_log_lines_per_second, which were not logged.";
const QUEUED: &str = "plugin_events_queued";
const QUEUED_HELP: &str = "Events in the queues of plugins and of event handlers of the service.";
const UNDELIVERED: &str = "plugin_queued_events_dropped_total";
const UNDELIVERED_HELP: &str =
    "Queued events that a removed handler or a handler of a stopped service did not get.";
const READS: &str = "plugin_folder_reads_total";
const READS_HELP: &str = "Reads of the plugin folder that ended.";
/// The maximum number of plugins, versions or subscribers with their own label. A service has far
/// fewer plugins. Further ones share the label `other`.
const MAX_LABELS: usize = 64;
/// The bounds of the histogram in seconds, from an empty hook to the default timeout of a handler.
static BOUNDS: [f64; 10] = [
    0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 1.0, 30.0,
];

/// The result of a read of the plugin folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FolderRead {
    /// The folder differs from the last one that was applied.
    Changed,
    /// The folder is the one that was applied.
    Unchanged,
    /// The folder cannot be read.
    Failed,
}

impl FolderRead {
    const ALL: [Self; 3] = [Self::Changed, Self::Unchanged, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// Metrics, spans, logs and events of the calls of plugins.
pub(super) struct Observation {
    calls: Family<Counter>,
    faults: Vec<(&'static str, Family<Counter>)>,
    durations: Family<Histogram>,
    hooks: Family<Counter>,
    handlers: Family<Counter>,
    dropped: Counter,
    /// By the name and the version, separated by a space.
    started: Family<Gauge>,
    dropped_lines: Family<Counter>,
    reads: [(FolderRead, Counter); 3],
    /// Weak, because the bus owns the handlers of plugins, which own this value.
    bus: WeakEventBus,
    tracer: Tracer,
}

impl Observation {
    pub(super) fn new<C: Settings>(service: &Assembly<C>, bus: &EventBus) -> Self {
        let metrics = service.metrics();
        metrics.declare(Kind::Counter, CALLS, CALLS_HELP, &["plugin"]);
        metrics.declare(Kind::Counter, FAULTS, FAULTS_HELP, &["plugin", "reason"]);
        metrics.declare(Kind::Histogram, DURATION, DURATION_HELP, &["plugin"]);
        metrics.declare(Kind::Counter, HOOKS, HOOKS_HELP, &["plugin"]);
        metrics.declare(Kind::Counter, HANDLERS, HANDLERS_HELP, &["plugin"]);
        metrics.declare(Kind::Gauge, STARTED, STARTED_HELP, &["plugin", "version"]);
        metrics.declare(Kind::Counter, LINES, LINES_HELP, &["plugin"]);
        metrics.declare(Kind::Gauge, QUEUED, QUEUED_HELP, &["subscriber"]);
        metrics.declare(
            Kind::Counter,
            UNDELIVERED,
            UNDELIVERED_HELP,
            &["subscriber"],
        );
        let counters = |name: &'static str, help: &'static str| {
            let metrics = metrics.clone();
            Family::new(MAX_LABELS, move |plugin| {
                metrics.counter(name, help, &[("plugin", plugin)])
            })
        };
        let faults = CallError::REASONS.map(|reason| {
            let metrics = metrics.clone();
            let family = Family::new(MAX_LABELS, move |plugin| {
                metrics.counter(
                    FAULTS,
                    FAULTS_HELP,
                    &[("plugin", plugin), ("reason", reason)],
                )
            });
            (reason, family)
        });
        let read = |read: FolderRead| {
            let label = [("result", read.as_str())];
            (read, metrics.counter(READS, READS_HELP, &label))
        };
        let reads = FolderRead::ALL.map(read);
        let (depths, undelivered) = (metrics.clone(), metrics.clone());
        let depths = Family::new(MAX_LABELS, move |subscriber| {
            depths.gauge(QUEUED, QUEUED_HELP, &[("subscriber", subscriber)])
        });
        let undelivered = Family::new(MAX_LABELS, move |subscriber| {
            let label = [("subscriber", subscriber)];
            undelivered.counter(UNDELIVERED, UNDELIVERED_HELP, &label)
        });
        bus.record_queues(depths, undelivered);
        let (timed, gauges) = (metrics.clone(), metrics.clone());
        Self {
            calls: counters(CALLS, CALLS_HELP),
            faults: faults.into(),
            durations: Family::new(MAX_LABELS, move |plugin| {
                timed.histogram(DURATION, DURATION_HELP, &BOUNDS, &[("plugin", plugin)])
            }),
            hooks: counters(HOOKS, HOOKS_HELP),
            handlers: counters(HANDLERS, HANDLERS_HELP),
            dropped: metrics.counter(DROPPED, DROPPED_HELP, &[]),
            started: Family::new(MAX_LABELS, move |version| {
                let (plugin, version) = version.split_once(' ').unwrap_or((version, version));
                let labels = [("plugin", plugin), ("version", version)];
                gauges.gauge(STARTED, STARTED_HELP, &labels)
            }),
            dropped_lines: counters(LINES, LINES_HELP),
            reads,
            bus: bus.downgrade(),
            tracer: service.telemetry().tracer().clone(),
        }
    }

    pub(super) fn record_failed_hook(&self, plugin: &str) {
        self.hooks.get_or_create(plugin).increment();
    }

    pub(super) fn record_failed_handler(&self, plugin: &str) {
        self.handlers.get_or_create(plugin).increment();
    }

    pub(super) fn record_dropped_event(&self) {
        self.dropped.increment();
    }

    /// Returns the number of started plugins with this version. Versions without their own label
    /// share one. Also creates the counters of faults at 0, so that the first fault is an increase.
    pub(super) fn started(&self, plugin: &Manifest) -> Gauge {
        for (_, faults) in &self.faults {
            drop(faults.get_or_create(&plugin.name));
        }
        let version = format!("{} {}", plugin.name, plugin.version);
        self.started.get_or_create(&version)
    }

    /// Returns the counter of the lines of a plugin that were not logged.
    pub(super) fn dropped_lines(&self, plugin: &str) -> Counter {
        self.dropped_lines.get_or_create(plugin).clone()
    }

    /// Counts a read of the plugin folder.
    pub(super) fn record_folder_read(&self, read: FolderRead) {
        let counters = self.reads.iter().filter(|(counted, _)| *counted == read);
        counters.for_each(|(_, counter)| counter.increment());
    }

    /// Publishes an event about a plugin, with its version and hash.
    fn publish(&self, event: Event, manifest: &Manifest) {
        let plugin = manifest.name.as_str();
        let event = event
            .with_data("plugin", plugin)
            .with_data("version", manifest.version.to_string())
            .with_data("sha256", manifest.sha256.as_str());
        let Some(bus) = self.bus.upgrade() else {
            return;
        };
        if let Err(error) = bus.publish_async(event) {
            self.record_dropped_event();
            tracing::warn!(plugin, problem = %error_chain(&error), "an event of a plugin was dropped");
        }
    }
}

impl Observe for Observation {
    fn record_call(
        &self,
        plugin: &Manifest,
        function: &str,
        result: Result<(), &CallError>,
        begun: Instant,
    ) {
        let (name, took) = (plugin.name.as_str(), begun.elapsed());
        self.durations.get_or_create(name).observe_duration(took);
        match result {
            Ok(()) => self.calls.get_or_create(name).increment(),
            Err(error) => {
                let reason = error.reason();
                let family = self.faults.iter().find(|(name, _)| *name == reason);
                if let Some((_, family)) = family {
                    family.get_or_create(name).increment();
                }
            }
        }
        let request = context::current();
        let parent = request.as_ref().map(|request| request.trace());
        let Some(parent) = parent.filter(|parent| self.tracer.is_recording(parent)) else {
            return;
        };
        let end = SystemTime::now();
        let mut attributes = vec![
            Attribute::text("plugin.name", name),
            Attribute::text("plugin.version", &plugin.version.to_string()),
            Attribute::text("plugin.sha256", &plugin.sha256),
            Attribute::text("plugin.function", function),
        ];
        if let Err(error) = result {
            attributes.push(Attribute::text("error.type", error.reason()));
        }
        self.tracer.record(SpanRecord {
            context: self.tracer.start_span(Some(parent)),
            name: SPAN.into(),
            kind: SpanKind::Internal,
            start: end.checked_sub(took).unwrap_or(end),
            end,
            attributes,
            failed: result.is_err(),
        });
    }

    fn record_transition(
        &self,
        manifest: &Manifest,
        transition: Transition,
        fault: Option<&CallError>,
    ) {
        let plugin = manifest.name.as_str();
        let problem = fault.map(ToString::to_string).unwrap_or_default();
        match transition {
            Transition::Disabled => {
                tracing::error!(plugin, problem, "plugin disabled after too many faults");
                let event = Event::new(EventType::PLUGIN_ERROR, SOURCE);
                let code = fault.map_or(PluginErrorCode::Internal, CallError::code);
                let event = event.with_data("code", code.as_str());
                self.publish(event.with_data("problem", problem), manifest);
            }
            Transition::Enabled => {
                tracing::info!(plugin, "plugin enabled after a trial");
                self.publish(Event::new(EventType::PLUGIN_ENABLED, SOURCE), manifest);
            }
            Transition::None => {}
        }
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Observation")
            .finish_non_exhaustive()
    }
}
